import { expect, it, onTestFinished } from 'vitest';
import type { CircuitEvent } from '../../src/model/event.ts';
import { EventLog } from '../../src/state/event-log.ts';
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

it('forgets events beyond their number, oldest first, some at a time or all', () => {
  const { table, ids } = setTable();
  table.forgetBeyond(4, 3);
  expect(ids()).toEqual([4, 5, 6, 7, 8, 9, 10]);
  table.forgetBeyond(4, -1);
  expect(ids()).toEqual([7, 8, 9, 10]);
});

it('forgets events before a time, some at a time, and says how many', () => {
  const { table, ids } = setTable();
  expect(table.forgetBefore(6, 3)).toBe(3);
  expect(ids()).toEqual([4, 5, 6, 7, 8, 9, 10]);
  expect(table.forgetBefore(6, 3)).toBe(2);
  expect(ids()).toEqual([6, 7, 8, 9, 10]);
});

it('holds a log of the last hundred thousand', () => {
  const { connection, ids } = setTable();
  const log = new EventLog(connection);
  connection.execute("UPDATE sqlite_sequence SET seq = 100005 WHERE name = 'events'");
  for (let count = 0; count < 64; count += 1) log.published(() => log.recordCircuit(CIRCUIT, 11));
  expect(ids().slice(0, 2)).toEqual([100_006, 100_007]);
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
