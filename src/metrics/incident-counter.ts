import { Counter, type Registry } from 'prom-client';
import type { LogEvent, LogFields, Logger } from '../model/logger.ts';

/** Events of the log that somebody may want to be told of, and that no other metric tells. */
const INCIDENTS: ReadonlySet<LogEvent> = new Set<LogEvent>([
  'delivery.rewound',
  'request.failed',
  'run.abandoned',
  'run.failed',
  'run.stalled',
  'source.touched',
  'state.behind_receiver',
  'state.damaged',
  'state.unavailable',
  'status_event.failed',
]);

/** A logger that counts incidents besides. */
export function countIncidents(registry: Registry, logger: Logger): Logger {
  const incidents = new Counter({
    name: 'ackstream_incidents_total',
    help: 'Events of the log that are worth a look, by their name.',
    labelNames: ['event'],
    registers: [registry],
  });
  for (const event of INCIDENTS) incidents.inc({ event }, 0);
  const counted =
    (level: keyof Logger) =>
    (event: LogEvent, fields?: LogFields): void => {
      if (INCIDENTS.has(event)) incidents.inc({ event });
      logger[level](event, fields);
    };
  return { debug: counted('debug'), info: counted('info'), warn: counted('warn'), error: counted('error') };
}
