/** What is found out before the first record: how lines end, the delimiter, the names of the columns. */
import type { CsvFormat } from '../model/format.ts';
import { LINE_FEED } from '../protocol/canonical/bytes.ts';
import type { ByteWindow } from './byte-window.ts';
import { nameColumns } from './column-names.ts';
import { findDelimiter } from './csv-delimiter.ts';
import { CARRIAGE_RETURN, type CsvDialect, type CsvState, dialectOf } from './csv-dialect.ts';
import { passLine } from './csv-line.ts';
import { CsvRows } from './csv-rows.ts';
import { skipTextStart } from './text-start.ts';

/** How much is looked at to find out how lines end and what the delimiter is. */
const HEAD_BYTES = 64 * 1024;

/**
 * Reads from the start of a file up to its first record. Throws what is wrong with the row that names the columns: READER_SYNTAX, READER_TRUNCATED, INVALID_UTF8,
 * LONE_SURROGATE, RECORD_TOO_LARGE.
 */
export async function readHead(window: ByteWindow, format: CsvFormat, maxRecordBytes: number): Promise<CsvState> {
  await skipTextStart(window);
  const endsAtCarriageReturn = hasCarriageReturnsOnly(await copyHead(window));
  for (let skipped = 0; skipped < format.skipLines && !isAtEnd(window); skipped += 1) {
    await passLine(window, { endsAtCarriageReturn, maxRawBytes: 0 });
  }
  const delimiter = format.delimiter ?? findDelimiter(await copyHead(window), format, endsAtCarriageReturn);
  const dialect = dialectOf(format, { delimiter, endsAtCarriageReturn });
  const columns = await findColumns(window, format, { dialect, maxRecordBytes });
  return Object.freeze({ delimiter, endsAtCarriageReturn, columns });
}

function isAtEnd(window: ByteWindow): boolean {
  return window.isWhole && window.length === 0;
}

async function copyHead(window: ByteWindow): Promise<Uint8Array> {
  await window.fill(HEAD_BYTES);
  return window.bytes.slice(window.start, Math.min(window.end, window.start + HEAD_BYTES));
}

/** Whether lines end as on old Macs. The last byte does not count: the line feed after it may not have been seen. */
function hasCarriageReturnsOnly(head: Uint8Array): boolean {
  return !head.includes(LINE_FEED) && head.subarray(0, -1).includes(CARRIAGE_RETURN);
}

async function findColumns(
  window: ByteWindow,
  { header }: CsvFormat,
  { dialect, maxRecordBytes }: { readonly dialect: CsvDialect; readonly maxRecordBytes: number },
): Promise<CsvState['columns']> {
  if (header === false) return null;
  if (header !== true) return nameColumns(header);
  const rows = new CsvRows(window, dialect, maxRecordBytes);
  let found = rows.find();
  for (; found === 'beginning'; found = rows.find()) await window.fill(rows.neededBytes);
  if (found === 'nothing') return [];
  if (rows.fault !== null) throw window.failure(rows.fault);
  const names = rows.row.readCells(window.bytes);
  rows.leave();
  return nameColumns(names);
}
