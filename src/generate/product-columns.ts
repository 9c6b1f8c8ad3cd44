import type { Product } from './product.ts';
import { COUNTRIES } from './vocabulary.ts';

/**
 * What a cell of a column holds: `date` and `dateTime` their ISO 8601 text, `duration` minutes. In every column it may be null instead:
 * nothing.
 */
export type ColumnKind = 'text' | 'number' | 'boolean' | 'date' | 'dateTime' | 'duration';

/** The value of one column for one product. */
export type Cell = string | number | boolean | null;

/** A column of a feed that is a table. */
export interface ProductColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly cellOf: (product: Product) => Cell;
}

const MAX_IMAGES = 3;

/** A product as a row. */
export const PRODUCT_COLUMNS: readonly ProductColumn[] = [
  // As text: no spreadsheet keeps 18 digits of a number.
  { name: 'id', kind: 'text', cellOf: ({ id }) => String(id) },
  { name: 'sku', kind: 'text', cellOf: ({ sku }) => sku },
  { name: 'ean', kind: 'text', cellOf: ({ ean }) => ean },
  { name: 'name', kind: 'text', cellOf: ({ name }) => name },
  { name: 'brand', kind: 'text', cellOf: ({ brand }) => brand },
  { name: 'description', kind: 'text', cellOf: ({ description }) => description },
  { name: 'price', kind: 'number', cellOf: ({ price }) => price.amount },
  { name: 'currency', kind: 'text', cellOf: ({ price }) => price.currency },
  { name: 'tax', kind: 'number', cellOf: ({ price }) => price.tax },
  { name: 'discounted', kind: 'boolean', cellOf: ({ price }) => price.discounted },
  ...COUNTRIES.map((country, index): ProductColumn => {
    return { name: `stock ${country}`, kind: 'number', cellOf: ({ stock }) => stock[index]?.quantity ?? null };
  }),
  { name: 'category', kind: 'text', cellOf: ({ categories }) => categories[0] ?? null },
  { name: 'categories', kind: 'text', cellOf: ({ categories }) => categories.join(' | ') },
  { name: 'color', kind: 'text', cellOf: ({ attributes }) => attributes.color },
  { name: 'width-cm', kind: 'number', cellOf: ({ attributes }) => attributes['width-cm'] },
  { name: 'height-cm', kind: 'number', cellOf: ({ attributes }) => attributes['height-cm'] },
  { name: 'weight-kg', kind: 'number', cellOf: ({ attributes }) => attributes['weight-kg'] },
  { name: 'material', kind: 'text', cellOf: ({ attributes }) => attributes.material },
  ...Array.from({ length: MAX_IMAGES }, (_, index): ProductColumn => {
    return { name: `image ${index + 1}`, kind: 'text', cellOf: ({ images }) => images[index]?.url ?? null };
  }),
  { name: 'rating', kind: 'number', cellOf: ({ rating }) => rating.average },
  { name: 'ratings', kind: 'number', cellOf: ({ rating }) => rating.count },
  { name: 'active', kind: 'boolean', cellOf: ({ active }) => active },
  { name: 'listed at', kind: 'dateTime', cellOf: ({ listedAt }) => listedAt },
  { name: 'available from', kind: 'date', cellOf: ({ availableFrom }) => availableFrom },
  { name: 'assembly', kind: 'duration', cellOf: ({ assemblyMinutes }) => assemblyMinutes },
  { name: 'note', kind: 'text', cellOf: ({ note }) => note },
  { name: 'successor', kind: 'text', cellOf: ({ successor }) => successor },
];
