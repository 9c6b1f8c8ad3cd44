/**
 * A seeded generator of realistic feeds: a JSON array of products of about 1 KB, nested, with umlauts, prices as decimals and ids of 18
 * digits. The same seed and size make the same bytes on every machine.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { seededRandom } from '../mock-receiver/seeded-random.ts';
import type { Random } from '../src/model/clock.ts';

/** What to generate: `bytes` is the least size of the file, passed by one product at most. */
export interface ProductsOptions {
  readonly path: string;
  readonly bytes: number;
  readonly seed: number;
}

const FLUSH_CHARACTERS = 1 << 18;
const WORDS =
  'Größe Wärme Übergang Holz Edelstahl matt glänzend für Küche Büro Garten Außenbereich robust leicht pflegeleicht mit drei Jahren Garantie und Zubehör aus nachhaltiger Fertigung'.split(
    ' ',
  );
const BRANDS = ['Möbelwerk', 'Nordlicht', 'Küchenträume', 'Alpenglück', 'Café Noir', 'Hausrat & Söhne'];
const COLORS = ['weiß', 'schwarz', 'anthrazit', 'naturgrün', 'himmelblau'];
const COUNTRIES = ['DE', 'AT', 'CH', 'FR', 'PL'];

/** Writes the file and returns how many products it holds. */
export async function generateProducts({ path, bytes, seed }: ProductsOptions): Promise<number> {
  const random = seededRandom(seed);
  const file = createWriteStream(path);
  let byteCount = 0;
  let productCount = 0;
  let text = '[';
  while (byteCount + Buffer.byteLength(text) < bytes - 1) {
    text += `${productCount === 0 ? '' : ',\n'}${productText(random, productCount)}`;
    productCount += 1;
    if (text.length < FLUSH_CHARACTERS) continue;
    byteCount += Buffer.byteLength(text);
    if (!file.write(text)) await once(file, 'drain');
    text = '';
  }
  file.end(`${text}]\n`);
  await finished(file);
  return productCount;
}

/** The JSON text of one product. Its id is written as text, having more digits than a double keeps. */
function productText(random: Random, index: number): string {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const words = (count: number): string => Array.from({ length: count }, () => pick(WORDS)).join(' ');
  const price = (): number => Math.round(random() * 500_000) / 100;
  const id = `${100_000_000 + Math.floor(random() * 900_000_000)}${String(index).padStart(9, '0')}`;
  const rest = JSON.stringify({
    sku: `SKU-${String(index).padStart(8, '0')}`,
    name: words(5),
    brand: pick(BRANDS),
    description: `${words(24)}.\n"${words(8)}"`,
    price: { amount: price(), currency: 'EUR', tax: 19, discounted: random() < 0.3 },
    stock: COUNTRIES.map((country) => ({ warehouse: `${country}-01`, quantity: Math.floor(random() * 1000) })),
    categories: [words(1), words(2), words(1)],
    attributes: {
      color: pick(COLORS),
      'width-cm': Math.round(random() * 2000) / 10,
      'height-cm': Math.round(random() * 2000) / 10,
      'weight-kg': Math.round(random() * 50_000) / 1000,
      material: words(2),
    },
    images: Array.from({ length: 3 }, (_, image) => ({
      url: `https://images.example.com/products/${id}/${image}.jpg`,
      alt: words(2),
    })),
    rating: { average: Math.round(random() * 50) / 10, count: Math.floor(random() * 5000) },
    active: random() < 0.9,
    successor: null,
  });
  return `{"id":${id},${rest.slice(1)}`;
}
