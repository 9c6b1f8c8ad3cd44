import { z } from '@hono/zod-openapi';
import type { ErrorPlace } from '../errors.ts';

/** Where in the file something is. */
export const placeSchema = z
  .object({
    file: z.string().optional(),
    byte_offset: z.int().optional(),
    line: z.int().optional(),
    column: z.int().optional().openapi({ description: 'In bytes, from 1.' }),
  })
  .openapi('Place');

/** A place in a file, as the API writes it. */
export function presentPlace({ file, byteOffset, line, column }: ErrorPlace) {
  return {
    ...(file === undefined ? {} : { file }),
    ...(byteOffset === undefined ? {} : { byte_offset: byteOffset }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  };
}
