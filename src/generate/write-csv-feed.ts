import { encodeTexts, type FeedWriter } from './feed-writer.ts';
import type { Products } from './product.ts';
import { type Cell, PRODUCT_COLUMNS, type ProductColumn } from './product-columns.ts';

const LINE_END = '\r\n';

/** CSV by RFC 4180: a header, then a row for each product. */
export const writeCsvFeed: FeedWriter = (products) => encodeTexts(rowsOf(products, ','));

/** The same with tabs between the cells. */
export const writeTsvFeed: FeedWriter = (products) => encodeTexts(rowsOf(products, '\t'));

function* rowsOf(products: Products, delimiter: string): Generator<string> {
  const toRow = (texts: readonly string[]) => texts.map((text) => quoted(text, delimiter)).join(delimiter) + LINE_END;
  yield toRow(PRODUCT_COLUMNS.map(({ name }) => name));
  for (const product of products) {
    yield toRow(PRODUCT_COLUMNS.map((column) => cellText(column.kind, column.cellOf(product))));
  }
}

function cellText(kind: ProductColumn['kind'], cell: Cell): string {
  if (cell === null) return '';
  return kind === 'duration' ? isoDuration(Number(cell)) : String(cell);
}

/** Minutes as an ISO 8601 duration of hours and minutes. */
function isoDuration(minutes: number): string {
  if (minutes === 0) return 'PT0S';
  const hours = Math.floor(minutes / 60);
  return `PT${hours === 0 ? '' : `${hours}H`}${minutes % 60 === 0 ? '' : `${minutes % 60}M`}`;
}

function quoted(text: string, delimiter: string): string {
  return text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
