import type { z } from '@hono/zod-openapi';
import type { FailedAttempt } from '../model/ingestion.ts';
import type { ReceivedAnswer } from '../model/outcome.ts';
import type { failedAttemptSchema } from './failed-attempt-schema.ts';
import { presentAttempt } from './present-chunk.ts';
import { rawTextOf } from './present-reject.ts';

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
