/** The child of kill-during-acks.test.ts: `acknowledge-for-ever.ts <state file>`. */
import { writeSync } from 'node:fs';
import type { BegunAttemptRow } from '../../src/state/run-writes.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { NOW, planAfter, running, sampleIngestion, withoutRejects } from './sample-state.ts';

const [, , path = ''] = process.argv;
const store = openSqliteStateStore({ path });
const run = await running(store, sampleIngestion('feed'));
let planned = planAfter(null, 10);
await store.planChunk(run, withoutRejects(planned), NOW);
let begun: BegunAttemptRow | null = await store.beginAttempt(run, 0, NOW);
while (begun !== null) {
  const { chunkNumber } = planned.plan;
  planned = planAfter(planned, 10);
  const ack = { chunkNumber, attempt: begun.attempt, next: withoutRejects(planned), beginsNext: true, now: NOW };
  ({ begun } = await store.recordAck(run, ack));
  writeSync(process.stdout.fd, `${chunkNumber}\n`);
}
