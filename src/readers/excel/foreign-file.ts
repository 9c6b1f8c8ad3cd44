import { ServiceError } from '../../errors.ts';
import type { Source } from '../../sources/source.ts';

/** The head of a compound file: Excel 97–2003, and encrypted workbooks of any version ([MS-CFB] 2.2). */
const COMPOUND_FILE = Buffer.from('d0cf11e0a1b11ae1', 'hex');
/** The stream of an encrypted workbook, named in UTF-16 in the directory of the compound file ([MS-OFFCRYPTO] 1.3.2). */
const ENCRYPTED_STREAM = Buffer.from('EncryptedPackage', 'utf16le');
const COMPOUND_HEAD_BYTES = 1024 * 1024;
const HEAD_BYTES = 512;

/** Files that are given for workbooks, by what they begin with. */
const FOREIGN: readonly (readonly [head: Buffer, detail: string])[] = [
  [Buffer.from('0904', 'hex'), 'The file is a workbook of an Excel before 97; save it as .xlsx.'],
  [Buffer.from('1f8b', 'hex'), 'The file is compressed by gzip; expand it, a workbook is compressed already.'],
  [Buffer.from('%PDF'), 'The file is a PDF; send the workbook it was made from.'],
];
const FOREIGN_TEXTS: readonly (readonly [start: RegExp, detail: string])[] = [
  [
    /^<(?:!doctype html|html|table|meta)/i,
    'The file is an HTML page under the name of a workbook; open it in Excel and save it as .xlsx.',
  ],
  [/^<\?xml.*Excel\.Sheet/s, 'The file is an XML spreadsheet of 2003; open it in Excel and save it as .xlsx.'],
  [/^</, 'The file is XML, not a workbook; send it with file_type "xml".'],
  [/^[[{]/, 'The file looks like JSON, not like a workbook; send it with file_type "json".'],
  [/^[^\p{Cc}\p{Cn}]/u, 'The file is text, not a workbook; if it is CSV, send it with file_type "csv".'],
];

/** Throws FORMAT_MISMATCH or SOURCE_ENCRYPTED for what is known not to be a workbook, saying what it is and what to do. */
export async function refuseForeignFile(source: Source): Promise<void> {
  const place = { file: source.name };
  const head = Buffer.from(await source.readAt(0, HEAD_BYTES));
  const text = head.toString();
  if ('PK'.startsWith(text) || text.startsWith('PK')) return;
  if (head.subarray(0, COMPOUND_FILE.length).equals(COMPOUND_FILE)) throw await compoundFileError(source);
  const detail =
    FOREIGN.find(([start]) => head.subarray(0, start.length).equals(start))?.[1] ??
    FOREIGN_TEXTS.find(([start]) => start.test(text.trimStart()))?.[1] ??
    'The file is no workbook: those are zip archives.';
  throw new ServiceError('FORMAT_MISMATCH', { detail, place });
}

async function compoundFileError(source: Source): Promise<ServiceError> {
  const place = { file: source.name };
  const start = Buffer.from(await source.readAt(0, COMPOUND_HEAD_BYTES));
  const end = Buffer.from(await source.readAt(Math.max(0, source.size - COMPOUND_HEAD_BYTES), COMPOUND_HEAD_BYTES));
  if (start.includes(ENCRYPTED_STREAM) || end.includes(ENCRYPTED_STREAM)) {
    return new ServiceError('SOURCE_ENCRYPTED', {
      detail: 'The workbook is protected by a password to open it.',
      place,
    });
  }
  const detail = 'The file is an .xls file of Excel 97–2003; save it as .xlsx.';
  return new ServiceError('FORMAT_MISMATCH', { detail, place });
}

/**
 * What a zip archive that is no workbook is.
 * @param mainName the name of its main part, where it is an Office document
 * @param has whether it holds a file
 */
export function describeForeignPackage(mainName: string | undefined, has: (name: string) => boolean): string {
  if (mainName?.endsWith('.bin') === true) return 'The file is a binary workbook (.xlsb); save it as .xlsx.';
  if (mainName !== undefined) return `The file is another kind of Office document (its main part is ${mainName}).`;
  if (has('content.xml') && has('mimetype')) return 'The file is an OpenDocument file (.ods); save it as .xlsx.';
  if (has('Index/Document.iwa') || has('Index.zip'))
    return 'The file is an Apple Numbers document; export it as .xlsx.';
  return 'The file is a zip archive, but not a workbook; if it holds a feed, say its format in file_type.';
}
