import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from './median.ts';
import type { ListeningProcess } from './process.ts';
import { megabytesPerSecond, runWay } from './run-way.ts';
import { onStage, submit } from './stage.ts';

/** Rarely: asking costs the service time, and when a delivery began and ended is told by the receiver. */
const POLL_INTERVAL_MS = 100;
const RESUME_AT = 0.9;

/** What deliveries of one JSON file took, and what they are held against: medians of the rounds, MB/s. */
export interface DeliveryFigures {
  readonly megabytes: number;
  readonly recordCount: number;
  /** By the service, from asking for it to the arrival of COMPLETED. */
  readonly delivery: number;
  /** By a sender that parses nothing. */
  readonly rawSender: number;
  /** Reading alone. */
  readonly reading: number;
  /** The medians of the rounds' ratios. */
  readonly toRawSender: number;
  readonly toReading: number;
  /** Highest of the service's process, its worker threads included; null where the system does not tell. */
  readonly peakMemoryMegabytes: number | null;
}

/**
 * Delivers a file by the real service, started anew in each round, to a receiver in another process that checks every digest; in turn with a sender that
 * parses nothing, to a receiver of the same kind, and with reading alone.
 */
export async function measureDelivery(path: string, rounds: number): Promise<DeliveryFigures> {
  const measured: { delivery: number; rawSender: number; reading: number; peak: number | null; recordCount: number }[] =
    [];
  for (let round = 0; round < rounds; round += 1) {
    const read = await runWay('ackstream', path, 'json');
    await onStage(path, async (stage) => {
      const raw = await runWay('raw sender', path, (await stage.startReceiver()).url);
      const receiver = await stage.startReceiver();
      const service = await stage.startService();
      const askedAt = Date.now();
      await deliver(service, { path, callbackUrl: receiver.url, expected: 'COMPLETED' });
      measured.push({
        delivery: statSync(path).size / 1000 / ((await whatCame(receiver)).lastArrivalAt - askedAt),
        rawSender: megabytesPerSecond(raw),
        reading: megabytesPerSecond(read),
        peak: service.peakMemoryBytes(),
        recordCount: read.recordCount,
      });
    });
  }
  const peaks = measured.map(({ peak }) => peak);
  return {
    megabytes: Math.round(statSync(path).size / 1e6),
    recordCount: measured[0]?.recordCount ?? 0,
    delivery: median(measured.map(({ delivery }) => delivery)),
    rawSender: median(measured.map(({ rawSender }) => rawSender)),
    reading: median(measured.map(({ reading }) => reading)),
    toRawSender: median(measured.map(({ delivery, rawSender }) => delivery / rawSender)),
    toReading: median(measured.map(({ delivery, reading }) => delivery / reading)),
    peakMemoryMegabytes: peaks.includes(null) ? null : Math.max(...peaks.map((bytes) => (bytes ?? 0) / 1e6)),
  };
}

/**
 * Delivers a file up to about 90 %, where the receiver begins to refuse; then a new process resumes it at a new receiver. The time, ms, from asking for
 * that to the arrival of the first chunk: the median of the rounds.
 */
export async function measureResume(path: string, rounds: number): Promise<number> {
  const { size } = statSync(path);
  const durations: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await onStage(path, async (stage) => {
      const refusing = await stage.startReceiver(String(size * RESUME_AT));
      const first = await stage.startService();
      await deliver(first, { path, callbackUrl: refusing.url, expected: 'FAILED' });
      await first.stop();

      const receiver = await stage.startReceiver();
      const second = await stage.startService();
      const askedAt = Date.now();
      await deliver(second, { path, callbackUrl: receiver.url, expected: 'COMPLETED' });
      const { receivedBytes, firstArrivalAt } = await whatCame(receiver);
      if (receivedBytes > size * (1.01 - RESUME_AT)) throw new Error('it did not resume, it began anew');
      durations.push(firstArrivalAt - askedAt);
    });
  }
  return median(durations);
}

/** What a receiver saw; times as of the system's clock, ms. The last to arrive is COMPLETED. */
interface Arrivals {
  readonly receivedBytes: number;
  readonly firstArrivalAt: number;
  readonly lastArrivalAt: number;
}

async function whatCame(receiver: ListeningProcess): Promise<Arrivals> {
  return (await (await fetch(receiver.url)).json()) as Arrivals;
}

interface Feed {
  readonly path: string;
  readonly callbackUrl: string;
  /** The status that the ingestion must end with. */
  readonly expected: 'COMPLETED' | 'FAILED';
}

/** Submits the file and waits until it has ended. */
async function deliver(service: ListeningProcess, { path, callbackUrl, expected }: Feed): Promise<void> {
  const id = await submit(service, path, callbackUrl);
  for (;;) {
    const shown = (await (await fetch(`${service.url}/api/ingestions/${id}`)).json()) as { status: string };
    if (shown.status === expected) return;
    if (shown.status !== 'QUEUED' && shown.status !== 'RUNNING') throw new Error(`the ingestion is ${shown.status}`);
    await delay(POLL_INTERVAL_MS);
  }
}
