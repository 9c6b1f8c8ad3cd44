import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rowChecksum } from '../../src/state/row-checksum.ts';
import { type ColumnValue, IN_MEMORY, SqliteConnection } from '../../src/state/sqlite-connection.ts';

it('is the same of what is written and of what is read, whatever it is: a sound row is never taken for a damaged one', () => {
  const connection = new SqliteConnection(IN_MEMORY, { busyTimeoutMs: 0 });
  connection.execute('CREATE TABLE samples (text TEXT, number INTEGER, bytes BLOB) STRICT');
  // Any UTF-16, halves of characters among it.
  const text = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units));
  fc.assert(
    fc.property(fc.option(text), fc.option(fc.maxSafeInteger()), fc.option(fc.uint8Array()), (...values) => {
      connection.execute('DELETE FROM samples');
      connection.read(() => connection.prepare<ColumnValue[]>('INSERT INTO samples VALUES (?, ?, ?)').run(...values));
      const row = connection.read(() => connection.prepare<[], object>('SELECT * FROM samples').get());
      expect(rowChecksum(Object.values(row ?? {}))).toBe(rowChecksum(values));
    }),
  );
  connection.close();
});
