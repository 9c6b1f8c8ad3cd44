/** What the `data` of each event says, and the presenter held to it. */
import { z } from '@hono/zod-openapi';
import type { LoggedEvent } from '../model/event.ts';
import { STATUSES } from '../model/ingestion.ts';
import { OUTCOME_KINDS } from '../model/outcome.ts';
import { isoTime, isoTimeOrNull } from './present-time.ts';
import { time } from './schema-parts.ts';

const at = time('When it happened.');
const ofIngestion = { ingestion_id: z.string(), at };

const stateEventSchema = z
  .object({
    ...ofIngestion,
    status: z.enum(STATUSES),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .openapi('StateEvent', { description: 'The ingestion has another status; `error` is its `last_error` then.' });

const chunkEventSchema = z
  .object({
    ...ofIngestion,
    next_chunk_number: z.int().openapi({ description: 'Goes back where the receiver asks for an earlier chunk.' }),
    records: z.int().openapi({ description: 'Records acknowledged.' }),
    bytes: z.int().openapi({ description: 'Bytes of the source up to the end of the last acknowledged chunk.' }),
    chunks: z.int().openapi({ description: 'Chunks that were ever acknowledged, each counted once.' }),
  })
  .openapi('ChunkEvent', {
    description: 'Chunks were acknowledged: sums since the ingestion began, at most 4 times a second.',
  });

/** `data` of an event `attempt_failed`. */
export const attemptFailedEventSchema = z
  .object({
    ...ofIngestion,
    chunk_number: z.int().nullable().openapi({ description: 'Null: it was at COMPLETED.' }),
    attempt: z.int(),
    outcome: z.enum(OUTCOME_KINDS).openapi({ example: 'unavailable' }),
    http_status: z.int().nullable(),
    reason: z.string().nullable(),
    next_attempt_at: time('When it is tried again; null: not by itself, or not known yet.').nullable(),
  })
  .openapi('AttemptFailedEvent', { description: 'An attempt ended without an acknowledgement.' });

const rejectsEventSchema = z
  .object({ ...ofIngestion, rejected_records: z.int() })
  .openapi('RejectsEvent', { description: 'How many bad records are set aside; at most 4 times a second.' });

const circuitEventSchema = z
  .object({
    at,
    origin: z.string(),
    state: z.enum(['open', 'half-open', 'closed']),
    since: time('When it opened; null: it is closed.').nullable(),
    next_probe_at: time('From when on one attempt is let through.').nullable(),
  })
  .openapi('CircuitEvent', { description: 'The circuit to a callback origin has another state.' });

const gapEventSchema = z.object({ oldest_id: z.int() }).openapi('GapEvent', {
  description:
    'Events that were asked for are not on record any more; it goes on with `oldest_id`. Read anew what you show.',
});

/** What `data` may be: which one it is, `event` tells. */
export const eventSchema = z.union([
  stateEventSchema,
  chunkEventSchema,
  attemptFailedEventSchema,
  rejectsEventSchema,
  circuitEventSchema,
  gapEventSchema,
]);

/** The `data` of an event. */
export function presentEvent({ ingestionId, at: loggedAt, content }: LoggedEvent): z.infer<typeof eventSchema> {
  const when = { at: isoTime(loggedAt) };
  if (ingestionId === null) {
    const { origin, state, since, nextProbeAt } = content;
    return { ...when, origin, state, since: isoTimeOrNull(since), next_probe_at: isoTimeOrNull(nextProbeAt) };
  }
  const about = { ingestion_id: ingestionId, ...when };
  switch (content.kind) {
    case 'state':
      return { ...about, status: content.status, error: content.error };
    case 'chunk': {
      const { nextChunkNumber, recordCount, sourceBytes, chunkCount } = content;
      const sums = { records: recordCount, bytes: sourceBytes, chunks: chunkCount };
      return { ...about, next_chunk_number: nextChunkNumber, ...sums };
    }
    case 'attempt_failed': {
      const { chunkNumber, attempt, outcome, httpStatus, reason, nextAttemptAt } = content;
      const what = { chunk_number: chunkNumber, attempt, outcome, http_status: httpStatus, reason };
      return { ...about, ...what, next_attempt_at: isoTimeOrNull(nextAttemptAt) };
    }
    case 'rejects':
      return { ...about, rejected_records: content.rejectedRecords };
  }
}
