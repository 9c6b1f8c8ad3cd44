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
/** The line by which programs tell Excel the delimiter, `sep=;`. Excel takes it out of the table, and so must we: it is no header. */
const SEPARATOR_LINE = /^"?sep=([^"\0\r\u0080-\uffff])"?$/i;
/** More than such a line and its end. */
const SEPARATOR_LINE_BYTES = 16;
/** What a server answers in place of a file, such as a page to log in on. No table is headed so. */
const MARKUP = /^\s*<(?:!doctype|html|\?xml)\b/i;

/**
 * Reads from the start of a file up to its first record. Throws what is wrong with the row that names the columns: READER_SYNTAX, READER_TRUNCATED, INVALID_UTF8,
 * LONE_SURROGATE, RECORD_TOO_LARGE; FORMAT_MISMATCH where it is HTML or XML.
 */
export async function readHead(window: ByteWindow, format: CsvFormat, maxRecordBytes: number): Promise<CsvState> {
  await skipTextStart(window);
  const endsAtCarriageReturn = hasCarriageReturnsOnly(await copyHead(window));
  for (let skipped = 0; skipped < format.skipLines; skipped += 1) {
    await passLine(window, { endsAtCarriageReturn, maxRawBytes: 0 });
  }
  const named = await passSeparatorLine(window, format, endsAtCarriageReturn);
  const delimiter = format.delimiter ?? named ?? findDelimiter(await copyHead(window), format, endsAtCarriageReturn);
  const dialect = dialectOf(format, { delimiter, endsAtCarriageReturn });
  const columns = await findColumns(window, format, { dialect, maxRecordBytes });
  return Object.freeze({ delimiter, endsAtCarriageReturn, columns });
}

async function copyHead(window: ByteWindow): Promise<Uint8Array> {
  await window.fill(HEAD_BYTES);
  return window.bytes.slice(window.start, Math.min(window.end, window.start + HEAD_BYTES));
}

/** Whether lines end as on old Macs. The last byte does not count: the line feed after it may not have been seen. */
function hasCarriageReturnsOnly(head: Uint8Array): boolean {
  return !head.includes(LINE_FEED) && head.subarray(0, -1).includes(CARRIAGE_RETURN);
}

/** Goes behind the line that names the delimiter, where there is one; the delimiter, or null. */
async function passSeparatorLine(
  window: ByteWindow,
  { quote, escape: escaping }: CsvFormat,
  endsAtCarriageReturn: boolean,
): Promise<string | null> {
  await window.fill(SEPARATOR_LINE_BYTES);
  const { bytes, start, end } = window;
  const text = Buffer.from(bytes.subarray(start, Math.min(end, start + SEPARATOR_LINE_BYTES))).toString('latin1');
  const [line = ''] = text.split(endsAtCarriageReturn ? '\r' : /\r?\n/, 1);
  const delimiter = SEPARATOR_LINE.exec(line)?.[1];
  if (delimiter === undefined || delimiter === quote || delimiter === escaping) return null;
  await passLine(window, { endsAtCarriageReturn, maxRawBytes: 0 });
  return delimiter;
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
  if (MARKUP.test(names[0] ?? '')) {
    const detail = 'The file is HTML or XML, not CSV.';
    throw window.failure({ code: 'FORMAT_MISMATCH', index: window.start, detail });
  }
  rows.leave();
  return nameColumns(names);
}
