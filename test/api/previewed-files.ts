/** A file for each thing that the reading of a preview may end with. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import exceljs from 'exceljs';
import yazl from 'yazl';

interface BrokenFile {
  readonly name: string;
  readonly content: string | Buffer | (() => Promise<Buffer>);
  /** Fields of the request beside the path. */
  readonly fields?: object;
}

const RECORDS = '{"products":[{"id":1}]}';

/** The first bytes of an OLE compound file, which a workbook with a password is, and the name of its stream as such a file holds it. */
const ENCRYPTED_WORKBOOK = Buffer.concat([
  Buffer.from('d0cf11e0a1b11ae1', 'hex'),
  Buffer.alloc(504),
  Buffer.from('EncryptedPackage', 'utf16le'),
  Buffer.alloc(480),
]);

const BROKEN_FILES: Readonly<Record<string, BrokenFile>> = {
  SOURCE_DAMAGED: { name: 'damaged.json.gz', content: withoutChecksum(gzipSync(RECORDS)) },
  SOURCE_EXPANDS: { name: 'bomb.ndjson.gz', content: () => Promise.resolve(gzipSync(Buffer.alloc(20_000_000, '\n'))) },
  SOURCE_ENCRYPTED: { name: 'encrypted.xlsx', content: ENCRYPTED_WORKBOOK },
  ARCHIVE_REFUSED: { name: 'two.zip', content: () => zipOf({ 'a.json': RECORDS, 'b.json': RECORDS }) },
  RECORD_TOO_DEEP: {
    name: 'deep.json',
    content: `{"around":${'{"a":'.repeat(300)}1${'}'.repeat(300)},"products":[{"id":1}]}`,
    fields: { record_path: 'products' },
  },
  DUPLICATE_KEY: { name: 'twice.json', content: '{"a":1,"a":2,"products":[{"id":1}]}' },
  LONE_SURROGATE: { name: 'half.json', content: '{"\\ud800":1,"products":[{"id":1}]}' },
  INVALID_UTF8: { name: 'bytes.csv', content: Buffer.from('a\xff,b\n1,2\n', 'latin1') },
  FORMAT_MISMATCH: { name: 'no-workbook.xlsx', content: 'a,b\n1,2\n' },
  ENCODING_UNSUPPORTED: { name: 'encoding.xml', content: '<?xml version="1.0" encoding="x-none"?><p><i/><i/></p>' },
  ENTITY_REFUSED: { name: 'entity.xml', content: '<!DOCTYPE p [<!ENTITY e "x">]><p><i>&e;</i><i/></p>' },
  SHEET_NOT_FOUND: { name: 'sheet.xlsx', content: workbook, fields: { format: { sheet: 'none' } } },
  READER_SYNTAX: { name: 'syntax.json', content: '{"products" [{"id":1}]}' },
  READER_TRUNCATED: { name: 'cut.json', content: '{"products":[{"id":1},' },
  RECORD_PATH_NEEDED: { name: 'two-arrays.json', content: '{"a":[{"id":1}],"b":[{"id":2}]}' },
  RECORD_PATH_NOT_FOUND: { name: 'other-path.json', content: RECORDS, fields: { record_path: 'none' } },
  RECORDS_NOT_FOUND: { name: 'no-array.json', content: '{"id":1}' },
};

/** The codes for which there is a file. */
export const BROKEN_FILE_CODES = Object.keys(BROKEN_FILES);

/** Writes the file for a code into a folder; the body of a request that previews it to its end. */
export async function writeBrokenFile(folder: string, code: string): Promise<object> {
  const { name, content, fields = {} } = BROKEN_FILES[code] ?? { name: code, content: '' };
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'function' ? await content() : content);
  return { file_path: path, full: true, ...fields };
}

function withoutChecksum(compressed: Buffer): Buffer {
  return Buffer.from(compressed).fill(0, compressed.length - 8, compressed.length - 4);
}

function zipOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return buffer(zip.outputStream);
}

async function workbook(): Promise<Buffer> {
  const book = new exceljs.Workbook();
  book.addWorksheet('products').addRows([['id'], [1]]);
  return Buffer.from(await book.xlsx.writeBuffer());
}
