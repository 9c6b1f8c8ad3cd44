import { createRoute, type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { type ServiceError, toServiceError } from '../../errors.ts';
import type { RejectEntry } from '../../model/ingestion.ts';
import type { Page, StateReads } from '../../state/state-store.ts';
import { conditionalHeaders, etagHeader, notModified } from '../conditional-read.ts';
import { connectionOf } from '../connection.ts';
import { GATE_CODES, problemResponses, STATE_CODES } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { tokenWith } from '../operation-scopes.ts';
import { pageQueryOf, presentPage } from '../page-query.ts';
import { presentReject, rejectPageSchema } from '../present-reject.ts';
import { ingestionParams, requireIngestion } from '../require-ingestion.ts';

/** Each may hold 64 KiB of raw bytes, which are shown twice. */
const PAGE_LENGTHS = { max: 100, byDefault: 20 };
/** How many a download reads at a time. */
const DOWNLOADED_AT_ONCE = 50;

const JSON_MEDIA_TYPE = 'application/json';
const NDJSON_MEDIA_TYPE = 'application/x-ndjson';

/** Typed so generally because the framework knows no typed answer that is a stream. */
const pageOrDownload: RouteConfig['responses'][string] = {
  description: 'A page, or the download, which has no ETag.',
  headers: etagHeader,
  content: {
    [JSON_MEDIA_TYPE]: { schema: rejectPageSchema },
    [NDJSON_MEDIA_TYPE]: { schema: z.string().openapi({ description: 'One item of a page in each line.' }) },
  },
};

const route = createRoute({
  method: 'get',
  path: '/api/ingestions/{id}/rejects',
  operationId: 'listRejects',
  summary: 'The bad records that were set aside, in the order of the source',
  description:
    'In pages; or, with `format=ndjson` or `Accept: application/x-ndjson`, all from the cursor on as a download with one JSON object in each line.',
  security: tokenWith('read'),
  request: {
    params: ingestionParams,
    headers: conditionalHeaders,
    query: pageQueryOf(PAGE_LENGTHS).extend({
      format: z
        .enum(['json', 'ndjson'], { error: 'must be json or ndjson' })
        .optional()
        .openapi({ description: 'Pages or a download; by default as `Accept` says, else pages.' }),
    }),
  },
  responses: {
    200: pageOrDownload,
    304: notModified,
    ...problemResponses(...GATE_CODES, 'INGESTION_NOT_FOUND', 'REQUEST_INVALID', ...STATE_CODES),
  },
});

/** GET /api/ingestions/{id}/rejects. */
export function addRejectRoute(app: OpenAPIHono, { reads, logger }: ApiDependencies): void {
  app.openapi(route, async (context) => {
    const { limit, cursor, format } = context.req.valid('query');
    const { ingestionId } = await requireIngestion(reads, context.req.valid('param').id);
    const from = cursor === undefined ? {} : { cursor };
    if ((format ?? acceptedFormat(context)) === 'json') {
      return context.json(presentPage(await reads.listRejects(ingestionId, { limit, ...from }), presentReject), 200);
    }
    // Read before the answer begins, so that a refusal can still be told.
    const first = await reads.listRejects(ingestionId, { limit: DOWNLOADED_AT_ONCE, ...from });
    const { path } = context.req;
    const lines = linesOf(reads, ingestionId, first, (error) => {
      logger.error('request.failed', { method: 'GET', path, code: error.code, reason: error.message });
      const connection = connectionOf(context);
      // A stream that fails would be written to the console by the server.
      if (connection === null) throw error;
      connection.breakOff();
    });
    const headers = {
      'Content-Type': NDJSON_MEDIA_TYPE,
      'Content-Disposition': `attachment; filename="rejects-${ingestionId}.ndjson"`,
    };
    return new Response(ReadableStream.from(lines), { headers });
  });
}

function acceptedFormat(context: Context): 'json' | 'ndjson' {
  const supports = [JSON_MEDIA_TYPE, NDJSON_MEDIA_TYPE];
  const accepted = accepts(context, { header: 'Accept', supports, default: JSON_MEDIA_TYPE });
  return accepted === NDJSON_MEDIA_TYPE ? 'ndjson' : 'json';
}

/** All bad records from a page on, read a page at a time. A failure breaks the download off, so that what came does not look complete. */
async function* linesOf(
  reads: StateReads,
  ingestionId: string,
  first: Page<RejectEntry>,
  onFailure: (error: ServiceError) => void,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  try {
    let page = first;
    for (;;) {
      for (const entry of page.items) yield encoder.encode(`${JSON.stringify(presentReject(entry))}\n`);
      if (page.nextCursor === null) return;
      page = await reads.listRejects(ingestionId, { limit: DOWNLOADED_AT_ONCE, cursor: page.nextCursor });
    }
  } catch (error) {
    onFailure(toServiceError(error));
  }
}
