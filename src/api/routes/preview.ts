import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { ErrorCode } from '../../errors.ts';
import { parsePreviewRequest, previewRequestSchema } from '../../protocol/preview-request.ts';
import { GATE_CODES, jsonResponse, problemResponses } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { documentedFormat } from '../documented-format.ts';
import { tokenWith } from '../operation-scopes.ts';
import { presentPreview, previewSchema, renderPreview } from '../present-preview.ts';
import { readJsonBody } from '../read-json-body.ts';

/** What reading ends with. What is wrong with single records is told of them, unless it stands around the records. */
const READING_CODES = [
  'SOURCE_CHANGED',
  'SOURCE_DAMAGED',
  'SOURCE_EXPANDS',
  'SOURCE_ENCRYPTED',
  'ARCHIVE_REFUSED',
  'RECORD_TOO_LARGE',
  'RECORD_TOO_DEEP',
  'DUPLICATE_KEY',
  'LONE_SURROGATE',
  'INVALID_UTF8',
  'FORMAT_MISMATCH',
  'ENCODING_UNSUPPORTED',
  'ENTITY_REFUSED',
  'SHEET_NOT_FOUND',
  'READER_SYNTAX',
  'READER_TRUNCATED',
  'RECORD_PATH_NEEDED',
  'RECORD_PATH_NOT_FOUND',
  'RECORDS_NOT_FOUND',
  'WORKER_OUT_OF_MEMORY',
] as const satisfies readonly ErrorCode[];

const route = createRoute({
  method: 'post',
  path: '/api/preview',
  operationId: 'previewFeed',
  summary: 'Look at a file as it would be delivered',
  description:
    'Reads the beginning of a file, or with `full` all of it, just as a delivery would, and delivers nothing: where its records are, the first of them, their fields, bad records, and the chunks it would make.',
  security: tokenWith('ingest'),
  request: {
    body: {
      required: true,
      content: { 'application/json': { schema: previewRequestSchema.extend({ format: documentedFormat }) } },
    },
  },
  responses: {
    200: jsonResponse(previewSchema, 'What was found.'),
    ...problemResponses(
      'REQUEST_NOT_JSON',
      ...GATE_CODES,
      'ORIGIN_NOT_ALLOWED',
      'SOURCE_NOT_ALLOWED',
      'SOURCE_NOT_FOUND',
      'REQUEST_TOO_LARGE',
      'REQUEST_MEDIA_TYPE',
      'REQUEST_INVALID',
      'SOURCE_NOT_A_FILE',
      'SOURCE_SET_TOO_LARGE',
      'SOURCE_UNREADABLE',
      ...READING_CODES,
      'PREVIEWS_BUSY',
      'INTERNAL',
      'SHUTTING_DOWN',
    ),
  },
});

/** POST /api/preview. As with POST /api/ingest, the route is registered for the document only. */
export function addPreviewRoute(app: OpenAPIHono, { previews }: ApiDependencies): void {
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, async (context) => {
    const request = parsePreviewRequest((await readJsonBody(context)).value);
    const previewed = await previews.preview(request, { signal: context.req.raw.signal });
    const text = renderPreview(presentPreview(request, previewed), previewed.preview.records);
    return context.body(text, 200, { 'Content-Type': 'application/json' });
  });
}
