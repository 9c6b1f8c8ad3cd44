import type { OpenAPIHono } from '@hono/zod-openapi';
import type { OutcomeKind } from '../model/outcome.ts';
import { acknowledgementSchema, completedMessageSchema, statusMessageSchema } from './callback-schemas.ts';
import { EXAMPLE_INGESTION_ID } from './schema-parts.ts';

/** Number of the chunk that the examples of answers answer. */
export const EXAMPLE_CHUNK = 4;

const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const header = (name: string, description: string, example: string, isRequired = true) => ({
  name,
  in: 'header' as const,
  required: isRequired,
  description,
  schema: { type: 'string' as const },
  example,
});

const MESSAGE_HEADERS = [
  header('Content-Digest', 'SHA-256 of the body (RFC 9530): the check that needs no canonical form.', 'sha-256=:…:'),
  header(
    'Idempotency-Key',
    'The id of the message in double quotes: the same with every attempt at it.',
    '"810b…8bba:0"',
  ),
  header('Ackstream-Epoch', 'Number of the run; a receiver that has seen a higher one refuses: 409 STALE_EPOCH.', '1'),
  header('Ackstream-Attempt', 'From 1, counting all attempts at this id.', '1'),
  header(
    'webhook-id',
    'With a secret, as the two below: Standard Webhooks. The id without quotes.',
    '810b…8bba:0',
    false,
  ),
  header('webhook-timestamp', 'Seconds since 1970.', '1772366400', false),
  header('webhook-signature', '`v1,` and the signature in base64.', 'v1,…', false),
];

/** An answer with examples of its body, each under the outcome that the attempt has by it. */
const answer = (description: string, bodies: Partial<Readonly<Record<OutcomeKind, object>>>) => ({
  description,
  content: {
    'application/json': {
      schema: refTo('Acknowledgement'),
      examples: Object.fromEntries(Object.entries(bodies).map(([outcome, value]) => [outcome, { value }])),
    },
  },
});

const messageOf = (...names: readonly string[]) => ({
  required: true,
  content: {
    'application/json': { schema: names.length === 1 ? refTo(names[0] ?? '') : { oneOf: names.map(refTo) } },
  },
});

/** What is sent on behalf of an ingestion: the `callbacks` of POST /api/ingest, from which a receiver can be generated. */
export const INGEST_CALLBACKS = {
  delivery: {
    '{$request.body#/callback_url}': {
      post: {
        operationId: 'receiveDelivery',
        summary: 'A chunk, or after the last one COMPLETED: sent again until it is acknowledged',
        parameters: MESSAGE_HEADERS,
        requestBody: messageOf('ChunkMessage', 'CompletedMessage'),
        responses: {
          200: answer(
            '`ack: true`: stored for good, also where it was stored before. `ack: false`: refused, or with `expected_chunk` sent again from there.',
            {
              acknowledged: { ack: true, ingestion_id: EXAMPLE_INGESTION_ID, chunk_number: EXAMPLE_CHUNK, error: null },
              rejected: { ack: false, error: 'CHECKSUM_MISMATCH' },
              'rewind-asked': { ack: false, error: 'OUT_OF_ORDER_CHUNK', expected_chunk: EXAMPLE_CHUNK - 1 },
            },
          ),
          409: answer('Refused: `STALE_EPOCH` with `epoch`, the highest seen; or `ack: false` with `expected_chunk`.', {
            'stale-epoch': { ack: false, error: 'STALE_EPOCH', epoch: 4 },
            'rewind-asked': { ack: false, expected_chunk: EXAMPLE_CHUNK - 1 },
          }),
          410: { description: 'Refused for good: the ingestion fails at once.' },
          413: { description: 'Too large: the chunk is cut in half, where the receiver cannot have it.' },
          429: { description: 'Not now: tried again, not before `Retry-After`. So are 408, 425 and 5xx.' },
          default: { description: 'Another 4xx refuses: the third refusal in one run fails the ingestion.' },
        },
      },
    },
  },
  status: {
    '{$request.body#/status_url}': {
      post: {
        operationId: 'receiveStatus',
        summary: 'That the ingestion started, or where it stopped: best effort, nothing depends on it',
        parameters: MESSAGE_HEADERS,
        requestBody: messageOf('StatusMessage'),
        responses: { '2XX': { description: 'Taken.' }, default: { description: 'Tried again a few times.' } },
      },
    },
  },
};

/** Puts what the callbacks refer to among the components. The body of a chunk is there already, as the answer of an operation. */
export function registerMessages({ openAPIRegistry: registry }: OpenAPIHono): void {
  registry.register('CompletedMessage', completedMessageSchema);
  registry.register('StatusMessage', statusMessageSchema);
  registry.register('Acknowledgement', acknowledgementSchema);
}
