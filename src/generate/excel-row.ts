import { styleOf } from './excel-parts.ts';
import type { Product } from './product.ts';
import { type Cell, type ColumnKind, PRODUCT_COLUMNS } from './product-columns.ts';
import { BRANDS, CATEGORIES, COLORS } from './vocabulary.ts';
import { escapeText } from './xml-text.ts';

const DAY_MINUTES = 24 * 60;
const DAY_MS = DAY_MINUTES * 60 * 1000;
/** 1970-01-01 as a day of the 1900 date system (ECMA-376 part 1, 18.17.4.1). */
const EPOCH_DAY = 25_569;

/** The texts that are shared: all others stand in their cells, so that what is kept in memory does not grow with the feed. */
export const SHARED_TEXTS: readonly string[] = [
  ...PRODUCT_COLUMNS.map(({ name }) => name),
  '',
  'EUR',
  ...BRANDS,
  ...CATEGORIES,
  ...COLORS,
];

const SHARED_INDEXES = new Map(SHARED_TEXTS.map((text, index) => [text, index]));

const COLUMNS = PRODUCT_COLUMNS.map((column, index) => ({
  ...column,
  letters: columnLetters(index),
  style: styleOf(column.kind),
}));

/** The row that names the columns, the first of a sheet. */
export function headerRow(): string {
  return `<row r="1">${COLUMNS.map(({ name, letters }) => textCell(`${letters}1`, name)).join('')}</row>`;
}

/**
 * The row of a product.
 * @param number that of the row, from 1
 */
export function productRow(product: Product, number: number): string {
  let cells = '';
  for (const { letters, kind, style, cellOf } of COLUMNS) {
    const cell = cellOf(product);
    if (cell === null) continue;
    const place = `${letters}${number}`;
    if (kind === 'boolean') cells += `<c r="${place}" t="b"><v>${Number(cell)}</v></c>`;
    else if (kind === 'text') cells += textCell(place, String(cell));
    else cells += `<c r="${place}"${style === 0 ? '' : ` s="${style}"`}><v>${serialNumber(kind, cell)}</v></c>`;
  }
  return `<row r="${number}">${cells}</row>`;
}

function textCell(place: string, text: string): string {
  const index = SHARED_INDEXES.get(text);
  if (index !== undefined) return `<c r="${place}" t="s"><v>${index}</v></c>`;
  return `<c r="${place}" t="inlineStr"><is><t xml:space="preserve">${escapeText(text)}</t></is></c>`;
}

/** What a workbook has instead of a date or duration: days. */
function serialNumber(kind: ColumnKind, cell: Cell): number {
  switch (kind) {
    case 'date':
    case 'dateTime':
      return EPOCH_DAY + Date.parse(kind === 'date' ? String(cell) : `${cell}Z`) / DAY_MS;
    case 'duration':
      return Number(cell) / DAY_MINUTES;
    default:
      return Number(cell);
  }
}

/** A, B … Z, AA, AB … */
function columnLetters(index: number): string {
  const last = String.fromCharCode('A'.charCodeAt(0) + (index % 26));
  return index < 26 ? last : columnLetters(Math.floor(index / 26) - 1) + last;
}
