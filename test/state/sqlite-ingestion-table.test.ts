import { expect, it, onTestFinished } from 'vitest';
import { IN_MEMORY } from '../../src/state/sqlite-connection.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { NOW, sampleIngestion, submitted } from './sample-state.ts';

it('finds what is old among more ingestions than are looked at in one piece, and lets others commit in between', async () => {
  const store = openSqliteStateStore({ path: IN_MEMORY });
  onTestFinished(() => store.close());
  const ids = Array.from({ length: 2_100 }, (_, index) => sampleIngestion(`feed-${index}`).ingestionId);
  const old = [3, 999, 1_000, 2_099].map((index) => ids[index]);
  for (const [index, ingestionId] of ids.entries()) {
    await submitted(store, sampleIngestion(`feed-${index}`));
    if (old.includes(ingestionId)) await store.applyEvent(ingestionId, 'cancel', NOW);
  }
  const looking = store.listTerminalBefore(NOW + 1, 10);
  await submitted(store, sampleIngestion('meanwhile'));
  expect(await looking).toEqual(old);
  expect(await store.listTerminalBefore(NOW + 1, 2)).toEqual(old.slice(0, 2));
  expect(await store.listTerminalBefore(NOW, 10)).toEqual([]);
});
