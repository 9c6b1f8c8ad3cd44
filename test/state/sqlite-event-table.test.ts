import { expect, it, onTestFinished } from 'vitest';
import type { CircuitEvent } from '../../src/model/event.ts';
import { IN_MEMORY } from '../../src/state/sqlite-connection.ts';
import { SqliteEventTable } from '../../src/state/sqlite-event-table.ts';
import { openStateFile } from '../../src/state/sqlite-state-file.ts';

const CIRCUIT: CircuitEvent = { kind: 'circuit', origin: 'http://a', state: 'closed', since: null, nextProbeAt: null };

/** A table with ten events, each 1 ms after the one before. */
function setTable() {
  const connection = openStateFile(IN_MEMORY);
  onTestFinished(() => connection.close());
  const table = new SqliteEventTable(connection);
  for (let at = 1; at <= 10; at += 1) table.insert({ ingestionId: null, at, content: CIRCUIT });
  const ids = () => table.list({ ingestionId: null, after: 0, limit: 100 }).events.map(({ id }) => id);
  return { connection, table, ids };
}

it.each([
  ['beyond their number', { maxCount: 4, oldestAt: 0, batch: -1 }, [7, 8, 9, 10]],
  ['beyond their age', { maxCount: 100, oldestAt: 9, batch: -1 }, [9, 10]],
  ['a batch at a time', { maxCount: 0, oldestAt: 0, batch: 3 }, [4, 5, 6, 7, 8, 9, 10]],
])('forgets events %s, oldest first', (_name, bounds, kept) => {
  const { table, ids } = setTable();
  table.forget(bounds);
  expect(ids()).toEqual(kept);
});

it('gives no number out again, even where SQLite has forgotten the last one', () => {
  const { connection, table } = setTable();
  connection.execute('DELETE FROM sqlite_sequence');
  expect(table.insert({ ingestionId: null, at: 11, content: CIRCUIT })).toBe(11);
});

it('takes no event for what was written that is not', () => {
  const { connection, ids } = setTable();
  connection.execute("UPDATE events SET content = replace(content, 'http://a', 'http://b') WHERE event_id = 4");
  expect(ids).toThrow('the row of events with event_id 4 is not what was written');
});
