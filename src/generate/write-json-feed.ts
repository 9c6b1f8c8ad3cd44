import { encodeTexts, type FeedWriter } from './feed-writer.ts';
import type { Products } from './product.ts';
import { productJson } from './product-json.ts';

/** JSON: an array, a product on each line. */
export const writeJsonFeed: FeedWriter = (products) => encodeTexts(documentOf(products));

function* documentOf(products: Products): Generator<string> {
  let before = '[';
  for (const product of products) {
    yield before + productJson(product);
    before = ',\n';
  }
  yield products.count === 0 ? '[]\n' : ']\n';
}
