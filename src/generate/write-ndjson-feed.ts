import { encodeTexts, type FeedWriter } from './feed-writer.ts';
import type { Products } from './product.ts';
import { productJson } from './product-json.ts';

/** NDJSON: a product on each line. */
export const writeNdjsonFeed: FeedWriter = (products) => encodeTexts(linesOf(products));

function* linesOf(products: Products): Generator<string> {
  for (const product of products) yield `${productJson(product)}\n`;
}
