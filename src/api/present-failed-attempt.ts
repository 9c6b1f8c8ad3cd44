import { z } from '@hono/zod-openapi';
import type { FailedAttempt } from '../model/ingestion.ts';
import type { ReceivedAnswer } from '../model/outcome.ts';
import { attemptSchema, presentAttempt } from './present-chunk.ts';
import { rawTextOf } from './raw-text.ts';
import { ingestionId as ingestionIdSchema } from './schema-parts.ts';

const receivedAnswerSchema = z
  .object({
    http_status: z.int().openapi({ example: 503 }),
    headers: z
      .array(
        z.object({
          name: z.string().openapi({ example: 'Content-Type' }),
          value: z.string().openapi({ example: 'text/html' }),
        }),
      )
      .openapi({
        description:
          'As they came, in their order, repeated ones as well; those that fit into 8 KiB. Values that are credentials are hidden.',
      }),
    are_headers_cut: z.boolean().openapi({ description: 'Whether more came.', example: false }),
    body: z.string().openapi({
      description:
        'Its first 16 KiB, the secrets of the delivery hidden; empty where it is compressed, since nothing can be hidden there. Somebody else wrote it: escape it wherever it is shown.',
      example: '<h1>Service Unavailable</h1>',
    }),
    body_encoding: z
      .enum(['utf-8', 'base64'])
      .openapi({ description: 'How `body` tells the bytes: as the text that they are, or in base64.' }),
    body_bytes: z.int().min(0).openapi({ description: 'How many bytes of a body came.', example: 28 }),
    is_body_cut: z.boolean().openapi({ description: 'Whether more came than is kept.', example: false }),
  })
  .openapi('ReceivedAnswer');

/** The last attempt that failed, and what was answered to it. */
export const failedAttemptSchema = z
  .object({
    ingestion_id: ingestionIdSchema,
    chunk_number: z.int().nullable().openapi({ description: 'Null: it was at COMPLETED.', example: 0 }),
    ...attemptSchema.shape,
    // Not `nullable()`, which the document's generator forgets of a schema with a name.
    answer: z.union([receivedAnswerSchema, z.null()]).openapi({ description: 'Null: none came, or none is kept.' }),
  })
  .openapi('FailedAttempt');

type FailedAttemptBody = z.infer<typeof failedAttemptSchema>;

/** An attempt that failed as the API shows it. */
export function presentFailedAttempt(
  ingestionId: string,
  { chunkNumber, record, answer }: FailedAttempt,
): FailedAttemptBody {
  return {
    ingestion_id: ingestionId,
    chunk_number: chunkNumber,
    ...presentAttempt(record),
    answer: answer === null ? null : presentAnswer(answer),
  };
}

function presentAnswer(answer: ReceivedAnswer): NonNullable<FailedAttemptBody['answer']> {
  const text = rawTextOf(answer.body, answer.isBodyCut);
  return {
    http_status: answer.httpStatus,
    headers: answer.headers.map(([name, value]) => ({ name, value })),
    are_headers_cut: answer.areHeadersCut,
    body: text ?? Buffer.from(answer.body).toString('base64'),
    body_encoding: text === null ? 'base64' : 'utf-8',
    body_bytes: answer.bodyByteCount,
    is_body_cut: answer.isBodyCut,
  };
}
