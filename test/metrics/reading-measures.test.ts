import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { ChunkWorkerStart } from '../../src/ingestion/chunk-messages.ts';
import type { ChunkSession } from '../../src/ingestion/chunk-session.ts';
import { ReadMeter } from '../../src/ingestion/read-meter.ts';
import { ReadingMeasures } from '../../src/metrics/reading-measures.ts';
import { ManualClock } from '../harness/manual-clock.ts';
import { parseMetrics, sampleValue } from './parse-metrics.ts';

const unused = () => Promise.reject(new Error('not expected to be called'));

/** Measures of readings that are played: each call of `next`, `verify` or `rebuild` reads so many bytes. */
function stage(answers: Partial<ChunkSession> = {}) {
  const registry = new Registry();
  const clock = new ManualClock(0);
  const measures = new ReadingMeasures(registry, { clock, heapLimitBytes: 1 });
  const openUnmeasured = ({ meter }: ChunkWorkerStart): ChunkSession => {
    const thread = new ReadMeter(meter);
    return {
      opened: async () => null,
      next: async () => {
        thread.read(1000);
        return { kind: 'end', rejects: [] };
      },
      verify: async () => thread.read(10),
      rebuild: async () => {
        thread.read(100);
        return {} as never;
      },
      close: async () => {},
      ...answers,
    };
  };
  const open = measures.measure(openUnmeasured, 'deliver');
  const openToReadBack = measures.measure(openUnmeasured, 'read-back');
  const start = { meter: new ReadMeter().memory } as ChunkWorkerStart;
  const value = async (name: string, labels = {}) => sampleValue(parseMetrics(await registry.metrics()), name, labels);
  const readFor = (purpose: string) => value('ackstream_source_read_bytes_total', { purpose });
  const threadsFor = (purpose: string) => value('ackstream_reading_threads', { purpose });
  return { measures, open, openToReadBack, start, clock, value, readFor, threadsFor };
}

const bounds = { maxRecords: 1, maxBytes: 1, closeAtBytes: null };

describe('ReadingMeasures', () => {
  it('counts each byte once where two readings share a meter', async () => {
    const { open, start, readFor } = stage();
    const [first, second] = [open(start), open(start)];
    await first.verify({} as never);
    await second.next(bounds);
    await first.next(bounds);
    await Promise.all([first.close(), second.close()]);
    expect(await readFor('resume')).toBe(10);
    expect(await readFor('deliver')).toBe(2000);
  });

  it('tells what is read back from what runs read', async () => {
    const { measures, open, openToReadBack, start, readFor, threadsFor, value } = stage({
      usage: async () => ({ heapBytes: 7, cpuMs: 0 }),
    });
    const running = open(start);
    const [verifying, rebuilding] = [openToReadBack({} as never), openToReadBack({} as never)];
    await running.rebuild({} as never);
    await verifying.verify({} as never);
    await rebuilding.rebuild({} as never);
    await measures.refresh();
    expect([await threadsFor('deliver'), await threadsFor('read-back')]).toEqual([1, 2]);
    expect(await value('ackstream_reading_threads_heap_bytes', { purpose: 'read-back' })).toBe(14);
    expect(await value('ackstream_reading_thread_largest_heap_bytes', { purpose: 'read-back' })).toBe(7);
    await Promise.all([running.close(), verifying.close(), rebuilding.close()]);
    await measures.refresh();
    expect([await threadsFor('deliver'), await threadsFor('read-back')]).toEqual([0, 0]);
    expect(await readFor('resume')).toBe(100);
    expect(await readFor('read-back')).toBe(110);
    expect(await readFor('deliver')).toBe(0);
  });

  it('leaves it to whoever demanded it to hear of a reading that failed', async () => {
    const { open, start, readFor } = stage({ next: unused });
    await expect(open(start).next(bounds)).rejects.toThrow('not expected to be called');
    expect(await readFor('deliver')).toBe(0);
  });

  it('does not wait for a thread that does not say what it uses, and forgets one that has ended', async () => {
    const { measures, open, start, clock, value, threadsFor } = stage({ usage: () => new Promise(() => {}) });
    const session = open(start);
    const refreshed = measures.refresh();
    clock.advance(1_000);
    await refreshed;
    expect(await threadsFor('deliver')).toBe(1);
    expect(await value('ackstream_reading_thread_largest_heap_bytes', { purpose: 'deliver' })).toBe(0);
    await session.close();
    await measures.refresh();
    expect(await threadsFor('deliver')).toBe(0);
  });
});
