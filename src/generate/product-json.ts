import type { Product } from './product.ts';

/** A product as JSON on one line. */
export function productJson({ id, ...rest }: Product): string {
  return `{"id":${id},${JSON.stringify(rest).slice(1)}`;
}
