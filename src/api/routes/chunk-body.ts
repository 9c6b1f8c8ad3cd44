import { createRoute, type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { chunkBodySchema } from '../callback-schemas.ts';
import { conditionalHeaders, isHeldByClient, notModified } from '../conditional-read.ts';
import { connectionOf } from '../connection.ts';
import { GATE_CODES, problemResponses, STATE_CODES } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { tokenWith } from '../operation-scopes.ts';
import { ingestionParams, requireIngestion } from '../require-ingestion.ts';
import { EXAMPLE_CHECKSUM } from '../schema-parts.ts';

/** What is handed to the server at a time: the body lies in memory that is shared with a thread, of which the server takes none. */
const PIECE_BYTES = 64 * 1024;
/** A client that takes longer is left, so that it does not keep others from theirs. */
const MAX_SENDING_MS = 5 * 60_000;

const etagOfChunk = z.object({
  ETag: z.string().openapi({
    description: 'The checksum of the chunk in double quotes.',
    example: `"${EXAMPLE_CHECKSUM}"`,
  }),
});

const numberError = 'must be the number of a chunk, from 0';

/** Typed so generally because the framework knows no typed answer that is a stream. */
const body: RouteConfig['responses'][string] = {
  description: 'The body of the chunk, byte for byte as it was sent, or will be.',
  content: { 'application/json': { schema: chunkBodySchema } },
  headers: etagOfChunk,
};

const route = createRoute({
  method: 'get',
  path: '/api/ingestions/{id}/chunks/{n}',
  operationId: 'getChunkBody',
  summary: 'The body of a chunk, rebuilt from the file',
  description:
    'No payload is stored: the chunk is read from the file again at its recorded position, and compared with its recorded checksum before its first byte is answered.',
  security: tokenWith('read'),
  request: {
    params: ingestionParams.extend({
      n: z
        .string()
        .regex(/^\d{1,15}$/, { error: numberError })
        .transform(Number)
        .openapi({ type: 'integer', minimum: 0, description: 'Number of the chunk.', example: 0 }),
    }),
    headers: conditionalHeaders,
  },
  responses: {
    200: body,
    304: { ...notModified, headers: etagOfChunk },
    ...problemResponses(
      ...GATE_CODES,
      'SOURCE_NOT_ALLOWED',
      'INGESTION_NOT_FOUND',
      'CHUNK_NOT_FOUND',
      'SOURCE_NOT_FOUND',
      'SOURCE_CHANGED',
      'REQUEST_INVALID',
      'SOURCE_NOT_A_FILE',
      'SOURCE_SET_TOO_LARGE',
      'SOURCE_UNREADABLE',
      'WORKER_OUT_OF_MEMORY',
      'READ_BACK_BUSY',
      ...STATE_CODES,
    ),
  },
});

/** GET /api/ingestions/{id}/chunks/{n}. */
export function addChunkBodyRoute(app: OpenAPIHono, { rebuilder, reads, clock }: ApiDependencies): void {
  app.openapi(route, async (context) => {
    const { id, n } = context.req.valid('param');
    const ingestion = await requireIngestion(reads, id);
    const plan = await rebuilder.planOf(ingestion.ingestionId, n);
    const headers = { ETag: `"${plan.checksum}"` };
    if (isHeldByClient(context, headers.ETag)) return new Response(null, { status: 304, headers });
    const { chunk, release } = await rebuilder.rebuild(ingestion, plan, context.req.raw.signal);
    const sent = new AbortController();
    const end = () => {
      sent.abort();
      release();
    };
    void clock.sleep(MAX_SENDING_MS, sent.signal).then(() => {
      if (sent.signal.aborted) return;
      connectionOf(context)?.breakOff();
      release();
    });
    // The framework drops the body of an answer to HEAD without a word.
    if (context.req.method === 'HEAD') end();
    return new Response(streamOf(chunk.body, end), {
      headers: { ...headers, 'Content-Type': 'application/json', 'Content-Length': String(chunk.body.length) },
    });
  });
}

/** The bytes as a stream. `onEnd` is called when all of them were taken, or nobody wants them any longer. */
function streamOf(bytes: Uint8Array, onEnd: () => void): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (offset < bytes.length) {
          controller.enqueue(bytes.slice(offset, offset + PIECE_BYTES));
          offset += PIECE_BYTES;
          return;
        }
        onEnd();
        controller.close();
      },
      cancel: onEnd,
    },
    { highWaterMark: 0 },
  );
}
