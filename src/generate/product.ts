import { ProductRandom } from './product-random.ts';
import { AWKWARD_TEXTS, BRANDS, CATEGORIES, COLORS, COUNTRIES, WORDS } from './vocabulary.ts';

/** A product of a generated feed, about 1.2 KB as JSON. The members are in no order, as in feeds that people write. */
export interface Product {
  /** 18 digits, more than a double keeps. */
  readonly id: bigint;
  readonly sku: string;
  /** 13 digits, the first of which may be 0. */
  readonly ean: string;
  readonly name: string;
  readonly brand: string;
  readonly description: string;
  readonly price: {
    readonly amount: number;
    readonly currency: string;
    /** Percent. */
    readonly tax: number;
    readonly discounted: boolean;
  };
  /** One for each of `COUNTRIES`, in their order. */
  readonly stock: readonly { readonly warehouse: string; readonly quantity: number }[];
  /** None to three. */
  readonly categories: readonly string[];
  readonly attributes: {
    readonly color: string;
    readonly 'width-cm': number;
    readonly 'height-cm': number;
    readonly 'weight-kg': number;
    readonly material: string;
  };
  /** One to three. */
  readonly images: readonly { readonly url: string; readonly alt: string }[];
  readonly rating: { readonly average: number; readonly count: number };
  readonly active: boolean;
  /** `2025-01-02T03:04:05`, in no time zone. */
  readonly listedAt: string;
  /** `2025-01-02`. */
  readonly availableFrom: string;
  readonly assemblyMinutes: number;
  /** Mostly empty, often awkward. */
  readonly note: string;
  /** The SKU of another product. */
  readonly successor: string | null;
}

const FIRST_LISTED_AT = Date.UTC(2019, 0, 1);
const LISTED_DAYS = 2500;
const DAY_SECONDS = 24 * 60 * 60;

/** The product at an index from 0 of the feed that a seed names: always the same one. */
function productAt(seed: number, index: number): Product {
  const random = new ProductRandom(seed, index);
  const words = (count: number): string => Array.from({ length: count }, () => random.pick(WORDS)).join(' ');
  const id = BigInt(`${100_000_000 + random.integer(900_000_000)}${String(index).padStart(9, '0')}`);
  const listedAt = FIRST_LISTED_AT + random.integer(LISTED_DAYS * DAY_SECONDS) * 1000;
  return {
    id,
    sku: skuOf(index),
    ean: String(random.integer(10 ** 9)).padStart(13, '0400'),
    name: words(5),
    brand: random.pick(BRANDS),
    description: `${words(20)}.\n"${words(8)}"`,
    price: { amount: random.decimal(5000, 2), currency: 'EUR', tax: 19, discounted: random.chance(0.3) },
    stock: COUNTRIES.map((country) => ({ warehouse: `${country}-01`, quantity: random.integer(1000) })),
    categories: Array.from({ length: random.integer(4) }, () => random.pick(CATEGORIES)),
    attributes: {
      color: random.pick(COLORS),
      'width-cm': random.decimal(200, 1),
      'height-cm': random.decimal(200, 1),
      'weight-kg': random.decimal(50, 3),
      material: words(2),
    },
    images: Array.from({ length: 1 + random.integer(3) }, (_, image) => ({
      url: `https://images.example.com/products/${id}/${image}.jpg`,
      alt: random.chance(0.05) ? random.pick(AWKWARD_TEXTS) : words(2),
    })),
    rating: { average: random.decimal(5, 1), count: random.integer(5000) },
    active: random.chance(0.9),
    listedAt: new Date(listedAt).toISOString().slice(0, '2025-01-02T03:04:05'.length),
    availableFrom: new Date(listedAt + random.integer(60) * DAY_SECONDS * 1000)
      .toISOString()
      .slice(0, '2025-01-02'.length),
    assemblyMinutes: random.integer(48 * 12) * 5,
    note: random.chance(0.25) ? random.pick(AWKWARD_TEXTS) : '',
    successor: random.chance(0.1) ? skuOf(index + 1) : null,
  };
}

function skuOf(index: number): string {
  return `SKU-${String(index).padStart(8, '0')}`;
}

/** Products to be generated, one after the other as they are asked for. */
export interface Products extends Iterable<Product> {
  readonly count: number;
}

/** The first `count` products of a seed's feed. */
export function productsOf(seed: number, count: number): Products {
  return {
    count,
    *[Symbol.iterator]() {
      for (let index = 0; index < count; index += 1) yield productAt(seed, index);
    },
  };
}
