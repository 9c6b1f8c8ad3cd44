/** What the schemas of the API are made of. */
import { z } from '@hono/zod-openapi';

const EXAMPLE_FILE_ID = '92acf69559533fd7171c7f80834b38f3656bff2296e1924122526f5a901eec8d';
/** An id of an ingestion, that of docs/protocol.md. */
export const EXAMPLE_INGESTION_ID = '810ba930073cbac56a41b756b443a9cf0407396ac43bf4f59e40737b25fe8bba';
/** The checksum of the one record `1`. */
export const EXAMPLE_CHECKSUM = '080a9ed428559ef602668b4c00f114f1a11c3f6b02a435f0bdc154578e4d7f22';

/** The member `ingestion_id` of what is told. */
export const ingestionId = z.string().openapi({ description: 'Id of the ingestion.', example: EXAMPLE_INGESTION_ID });
/** The member `file_id` of what is told. */
export const fileId = z
  .string()
  .openapi({ description: 'Id of the file, by its path and type.', example: EXAMPLE_FILE_ID });

/** A number of things, or of one among them. */
export const count = (description: string, example: number) => z.int().min(0).openapi({ description, example });

/** A point in time. */
export const time = (description: string) =>
  z.string().openapi({ description, format: 'date-time', example: '2026-03-01T12:00:00.000Z' });

/** Of a page: where the next one begins. */
export const nextCursor = z
  .string()
  .nullable()
  .openapi({ description: 'The `cursor` of the next page; null on the last one.' });
