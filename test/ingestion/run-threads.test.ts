import { expect, it } from 'vitest';
import type { OpenChunkSession } from '../../src/ingestion/chunk-session.ts';
import { workerSessions } from '../../src/ingestion/worker-chunk-session.ts';
import { ACKNOWLEDGED, setRunStage } from './run-stage.ts';

it('reads with one thread at a time, also while it cuts a chunk in half', async () => {
  const open = new Set<unknown>();
  const openAtOnce: number[] = [];
  const openWorker = workerSessions({ memoryBytes: 64 * 1024 ** 2 });
  const openSession: OpenChunkSession = (start) => {
    const session = openWorker(start);
    openAtOnce.push(open.add(session).size);
    return {
      opened: () => session.opened(),
      next: (...demand) => session.next(...demand),
      rebuild: (...demand) => session.rebuild(...demand),
      verify: (plan) => session.verify(plan),
      close: async () => {
        await session.close();
        open.delete(session);
      },
    };
  };
  const { run, acceptedRecords, expected } = await setRunStage({
    recordCount: 25,
    answer: (sent) =>
      'plan' in sent && sent.plan.recordCount > 5 ? { kind: 'too-large', reason: 'HTTP 413' } : ACKNOWLEDGED,
  });
  expect(await run({ openSession })).toMatchObject({ status: 'COMPLETED' });
  expect(acceptedRecords()).toEqual(expected);
  expect(openAtOnce.length).toBeGreaterThan(2);
  expect(new Set(openAtOnce)).toEqual(new Set([1]));
});
