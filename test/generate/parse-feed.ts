/**
 * Generated feeds, read back by parsers that are not ours, to what each format says of a product.
 */
import { parse } from 'csv-parse/sync';
import ExcelJS from 'exceljs';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import type { Product } from '../../src/generate/product.ts';
import type { Cell } from '../../src/generate/product-columns.ts';

/** The value of a JSON text, integers that a double does not keep as bigints. */
export function parseJson(text: string): unknown {
  const revive = (_key: string, value: unknown, { source }: { readonly source?: string }): unknown =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(source ?? '') : value;
  return JSON.parse(text, revive as Parameters<typeof JSON.parse>[1]);
}

/** The rows of a CSV text, the header among them. Throws where they are not of one width. */
export function parseRows(text: string, delimiter: string): string[][] {
  return parse(text, { delimiter, relax_column_count: false });
}

/** The rows of each sheet, the header left out, dates as ISO 8601 text and durations in minutes. */
export async function parseWorkbook(bytes: Uint8Array): Promise<Cell[][][]> {
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.load(Buffer.from(bytes) as unknown as ExcelJS.Buffer);
  return workbook.worksheets.map((sheet) => {
    const width = sheet.getRow(1).cellCount;
    return Array.from({ length: sheet.rowCount - 1 }, (_, index) =>
      Array.from({ length: width }, (_unused, column) => cellOf(sheet.getRow(index + 2).getCell(column + 1))),
    );
  });
}

const DAY_ZERO = Date.UTC(1899, 11, 30);

function cellOf({ value, numFmt }: ExcelJS.Cell): Cell {
  if (value instanceof Date) {
    if (numFmt.startsWith('[h]')) return Math.round((value.getTime() - DAY_ZERO) / 60_000);
    return value.toISOString().slice(0, numFmt.includes('hh') ? 19 : 10);
  }
  return value as Cell;
}

/** An element as it was read: attributes, all text, children. */
interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** The elements named `product` of an XML text, as the product that each says. */
export function parseProductElements(text: string): Partial<Product>[] {
  const products: Element[] = [];
  const open: Element[] = [];
  const parser = new SaxesParser();
  const append = (part: string) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += part;
  };
  parser.on('opentag', ({ name, attributes }: SaxesTagPlain) => {
    const element = { name, attributes, children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
    if (name === 'product') products.push(element);
  });
  parser.on('closetag', () => open.pop());
  parser.on('text', append);
  parser.on('cdata', append);
  parser.write(text).close();
  return products.map(productOf);
}

function productOf(element: Element): Partial<Product> {
  const all = (name: string, of = element) => of.children.filter((child) => child.name === name);
  const one = (name: string, of = element) => all(name, of)[0] as Element;
  const price = one('price');
  const attributes = one('attributes');
  const size = one('size', attributes);
  return {
    id: BigInt(element.attributes.id ?? ''),
    active: element.attributes.active === 'true',
    sku: one('sku').text,
    ean: one('ean').text,
    name: one('name').text,
    brand: one('brand').text,
    description: one('description').text,
    price: {
      amount: Number(price.text),
      currency: price.attributes.currency ?? '',
      tax: Number(price.attributes.tax),
      discounted: price.attributes.discounted === 'true',
    },
    stock: all('stock').map((stock) => ({
      warehouse: stock.attributes.warehouse ?? '',
      quantity: Number(stock.text),
    })),
    categories: all('category').map((category) => category.text),
    attributes: {
      color: one('color', attributes).text,
      'width-cm': Number(one('width', size).text),
      'height-cm': Number(one('height', size).text),
      'weight-kg': Number(one('weight', attributes).text),
      material: one('material', attributes).text,
    },
    images: all('image').map((image) => ({ url: image.attributes.url ?? '', alt: image.attributes.alt ?? '' })),
    rating: { average: Number(one('rating').text), count: Number(one('rating').attributes.count) },
    listedAt: one('listed').attributes.at ?? '',
    availableFrom: one('listed').attributes['available-from'] ?? '',
    assemblyMinutes: Number(one('assembly').text),
    note: one('note').text,
    successor: one('successor').text === '' ? null : one('successor').text,
  };
}
