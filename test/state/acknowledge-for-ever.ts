/** The child of kill-during-acks.test.ts: `acknowledge-for-ever.ts <state file>`. */
import { writeSync } from 'node:fs';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { acknowledge, NOW, planAfter, running, sampleIngestion, withoutRejects } from './sample-state.ts';

const [, , path = ''] = process.argv;
const store = openSqliteStateStore({ path });
const run = await running(store, sampleIngestion('feed'));
let planned = planAfter(null, 10);
await store.planChunk(run, withoutRejects(planned), NOW);
for (;;) {
  const next = planAfter(planned, 10);
  await acknowledge(store, run, planned.plan.chunkNumber, { next });
  writeSync(process.stdout.fd, `${planned.plan.chunkNumber}\n`);
  planned = next;
}
