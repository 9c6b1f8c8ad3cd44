import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { SHEET_END, SHEET_START, sharedStrings, workbookParts } from './excel-parts.ts';
import { headerRow, productRow, SHARED_TEXTS } from './excel-row.ts';
import { encodeTexts } from './feed-writer.ts';
import type { Product, Products } from './product.ts';

/** A sheet has 1,048,576 rows, the first of which is the header. */
const MAX_SHEET_PRODUCTS = 1_048_575;

/** The local time as which zip writes this is the same in every time zone. */
const ZIP_OPTIONS = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true };

/** An Excel workbook of one sheet, or of several where one cannot hold all products. */
export async function* writeExcelFeed(
  products: Products,
  maxSheetProducts = MAX_SHEET_PRODUCTS,
): AsyncGenerator<Uint8Array> {
  const sheetCount = Math.max(1, Math.ceil(products.count / maxSheetProducts));
  const sheetNames = Array.from({ length: sheetCount }, (_, index) => `Products ${index + 1}`);
  const zip = new ZipFile();
  for (const [path, text] of workbookParts(sheetNames)) zip.addBuffer(Buffer.from(text), path, ZIP_OPTIONS);
  zip.addBuffer(Buffer.from(sharedStrings(SHARED_TEXTS)), 'xl/sharedStrings.xml', ZIP_OPTIONS);
  const rest = products[Symbol.iterator]();
  for (let sheet = 1; sheet <= sheetCount; sheet += 1) {
    // The parts are written one after the other, so the sheets share what iterates.
    const texts = sheetOf(rest, maxSheetProducts);
    zip.addReadStream(Readable.from(encodeTexts(texts)), `xl/worksheets/sheet${sheet}.xml`, ZIP_OPTIONS);
  }
  zip.end();
  for await (const piece of zip.outputStream) yield Buffer.from(piece);
}

function* sheetOf(products: Iterator<Product>, maxProducts: number): Generator<string> {
  yield SHEET_START + headerRow();
  for (let row = 2; row <= maxProducts + 1; row += 1) {
    const next = products.next();
    if (next.done === true) break;
    yield productRow(next.value, row);
  }
  yield SHEET_END;
}
