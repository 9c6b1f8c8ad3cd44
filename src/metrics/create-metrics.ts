import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Clock } from '../model/clock.ts';
import type { Logger } from '../model/logger.ts';
import { DeliveryMeasures } from './delivery-measures.ts';
import { countIncidents } from './incident-counter.ts';
import { ReadingMeasures } from './reading-measures.ts';
import { RunMeasures } from './run-measures.ts';
import { type ServiceFacts, ServiceGauges, type ServiceView } from './service-gauges.ts';

/** What metrics are made from. */
export interface MetricsOptions extends ServiceFacts {
  /** That of the service. */
  readonly clock: Clock;
  /** That of the machine. */
  readonly systemClock: Clock;
  readonly logger: Logger;
  /** Memory that the objects of one reading thread may take. */
  readonly workerMemoryBytes: number;
}

/** The metrics of one service: what its parts are measured by, and what comes of it. */
export interface Metrics {
  readonly deliveries: DeliveryMeasures;
  readonly readings: ReadingMeasures;
  readonly runs: RunMeasures;
  /** Logs, and counts what is worth a look. */
  readonly logger: Logger;
  /** The metrics as Prometheus reads them, as they are now. */
  page(view: ServiceView): MetricsPage;
}

/** What is shown to whoever asks for the metrics. */
export interface MetricsPage {
  readonly contentType: string;
  render(): Promise<string>;
}

/**
 * Measures one service, in a registry of its own: counters begin at 0 with it. What concerns the process, its event loop among it, is looked at from the first time on
 * that somebody asks: no command that delivers one file pays for it.
 */
export function createMetrics({ clock, systemClock, logger, workerMemoryBytes, ...facts }: MetricsOptions): Metrics {
  const registry = new Registry();
  const gauges = new ServiceGauges(registry, clock, facts);
  const readings = new ReadingMeasures(registry, { clock: systemClock, heapLimitBytes: workerMemoryBytes });
  let isProcessWatched = false;
  return {
    deliveries: new DeliveryMeasures(registry, clock),
    readings,
    runs: new RunMeasures(registry, clock),
    logger: countIncidents(registry, logger),
    page: (view) => ({
      contentType: registry.contentType,
      async render() {
        if (!isProcessWatched) collectDefaultMetrics({ register: registry });
        isProcessWatched = true;
        await Promise.all([gauges.refresh(view), readings.refresh()]);
        return registry.metrics();
      },
    }),
  };
}
