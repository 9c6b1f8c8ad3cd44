import { z } from '@hono/zod-openapi';
import type { Page } from '../state/state-store.ts';

/**
 * The query of a list that is answered in pages.
 * @param lengths most items of a page that may be asked for, and how many a page has where nothing is asked.
 */
export function pageQueryOf({ max, byDefault }: { readonly max: number; readonly byDefault: number }) {
  const error = `must be an integer from 1 to ${max}`;
  return z.strictObject({
    limit: z
      .string({ error })
      .regex(/^\d{1,3}$/, { error })
      .transform(Number)
      .refine((limit) => limit >= 1 && limit <= max, { error })
      .default(byDefault)
      .openapi({
        type: 'integer',
        minimum: 1,
        maximum: max,
        default: byDefault,
        description: 'Most items of the page.',
      }),
    cursor: z
      .string({ error: 'must be given once' })
      .optional()
      .openapi({ description: 'The `next_cursor` of the page before.' }),
  });
}

/** A page as the API shows it. */
export function presentPage<Item, Body>(page: Page<Item>, present: (item: Item) => Body) {
  return { items: page.items.map(present), next_cursor: page.nextCursor };
}
