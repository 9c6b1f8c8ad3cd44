import { Counter, Gauge, type Registry } from 'prom-client';
import type { ChunkSession, OpenChunkSession, ThreadUsage } from '../ingestion/chunk-session.ts';
import { ReadMeter } from '../ingestion/read-meter.ts';
import { withinMs } from '../ingestion/within-ms.ts';
import type { Clock } from '../model/clock.ts';

/** A thread that does not say what it uses holds up no scrape. */
const USAGE_TIMEOUT_MS = 1_000;

/** What a thread reads for: a running ingestion, or recorded chunks that somebody wants verified or rebuilt. */
type Purpose = 'deliver' | 'read-back';
const PURPOSES = ['deliver', 'read-back'] as const satisfies Purpose[];

/**
 * What bytes were read for: `deliver` is new chunks; `resume`: chunks that are on record already, which a run reads again to find the place and to make sure that
 * the source is what it was.
 */
type BytesPurpose = Purpose | 'resume';

/** Counts what is read, and looks at the threads that read. */
export class ReadingMeasures {
  /** The machine's: threads know no other. */
  readonly #clock: Clock;
  readonly #readBytes: Counter<'purpose'>;
  readonly #rejects: Counter;
  readonly #threads: Gauge<'purpose'>;
  readonly #heapBytes: Gauge<'purpose'>;
  readonly #largestHeapBytes: Gauge<'purpose'>;
  readonly #sessions: Readonly<Record<Purpose, Set<ChunkSession>>> = { deliver: new Set(), 'read-back': new Set() };
  /** Of each meter, the bytes that are counted: the readings of one run share a meter. */
  readonly #countedBytes = new WeakMap<SharedArrayBuffer, number>();

  constructor(
    registry: Registry,
    { clock, heapLimitBytes }: { readonly clock: Clock; readonly heapLimitBytes: number },
  ) {
    this.#clock = clock;
    const registers = [registry];
    this.#readBytes = new Counter({
      name: 'ackstream_source_read_bytes_total',
      help: 'Bytes read of sources, as they lie on the disk, by what they were read for.',
      labelNames: ['purpose'],
      registers,
    });
    for (const purpose of [...PURPOSES, 'resume'] satisfies BytesPurpose[]) this.#readBytes.inc({ purpose }, 0);
    this.#rejects = new Counter({
      name: 'ackstream_rejected_records_total',
      help: 'Bad records that were set aside; one that is met again after a resume counts again.',
      registers,
    });
    this.#threads = new Gauge({
      name: 'ackstream_reading_threads',
      help: 'Threads that read: for running ingestions, or recorded chunks to verify or rebuild them.',
      labelNames: ['purpose'],
      registers,
    });
    this.#heapBytes = new Gauge({
      name: 'ackstream_reading_threads_heap_bytes',
      help: 'Memory that the objects of all reading threads take.',
      labelNames: ['purpose'],
      registers,
    });
    this.#largestHeapBytes = new Gauge({
      name: 'ackstream_reading_thread_largest_heap_bytes',
      help: 'Memory that the objects of that reading thread take which takes most.',
      labelNames: ['purpose'],
      registers,
    });
    new Gauge({
      name: 'ackstream_reading_thread_heap_limit_bytes',
      help: 'Memory that the objects of one reading thread may take.',
      registers,
    }).set(heapLimitBytes);
  }

  /** Looks at the threads. */
  async refresh(): Promise<void> {
    await Promise.all(PURPOSES.map((purpose) => this.#refreshThreadsFor(purpose)));
  }

  /** Readings that are measured. */
  measure(open: OpenChunkSession, purpose: Purpose): OpenChunkSession {
    const sessions = this.#sessions[purpose];
    const again = purpose === 'deliver' ? 'resume' : purpose;
    return (start) => {
      const meter = new ReadMeter(start.meter);
      const session = open({ ...start, meter: meter.memory });
      const usage = session.usage?.bind(session);
      sessions.add(session);
      return {
        ...(usage === undefined ? {} : { usage }),
        opened: () => session.opened(),
        next: (...demand) =>
          whenAnswered(session.next(...demand), (result) => {
            this.#count(meter, purpose);
            this.#rejects.inc((result.kind === 'chunk' ? result.chunk : result).rejects.length);
          }),
        rebuild: (...demand) => whenAnswered(session.rebuild(...demand), () => this.#count(meter, again)),
        verify: (plan) => whenAnswered(session.verify(plan), () => this.#count(meter, again)),
        close: async () => {
          sessions.delete(session);
          await session.close();
          this.#count(meter, purpose);
        },
      };
    };
  }

  async #refreshThreadsFor(purpose: Purpose): Promise<void> {
    const usages = await Promise.all(Array.from(this.#sessions[purpose], (session) => this.#usageOf(session)));
    // One that has just ended, or does not say, is a thread all the same.
    const heaps = usages.map((usage) => usage?.heapBytes ?? 0);
    this.#threads.set({ purpose }, heaps.length);
    this.#heapBytes.set(
      { purpose },
      heaps.reduce((sum, bytes) => sum + bytes, 0),
    );
    this.#largestHeapBytes.set({ purpose }, Math.max(0, ...heaps));
  }

  async #usageOf(session: ChunkSession): Promise<ThreadUsage | null> {
    return session.usage === undefined ? null : withinMs(USAGE_TIMEOUT_MS, session.usage(), this.#clock);
  }

  #count(meter: ReadMeter, purpose: BytesPurpose): void {
    const { bytes, memory } = meter;
    this.#readBytes.inc({ purpose }, bytes - (this.#countedBytes.get(memory) ?? 0));
    this.#countedBytes.set(memory, bytes);
  }
}

/** Looks on: whoever demanded it hears of a failure. */
function whenAnswered<Answer>(answer: Promise<Answer>, look: (answer: Answer) => void): Promise<Answer> {
  answer.then(look, () => {});
  return answer;
}
