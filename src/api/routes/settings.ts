import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { conditionalHeaders, conditionalJson } from '../conditional-read.ts';
import { GATE_CODES, problemResponses } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { tokenWith } from '../operation-scopes.ts';

const settingsSchema = z
  .object({
    version: z.string().openapi({ description: 'Of the service.', example: '0.1.0' }),
    items: z
      .array(
        z.object({
          name: z.string().openapi({ description: 'Of the variable.', example: 'ACKSTREAM_RETENTION' }),
          value: z
            .string()
            .openapi({ description: 'As it is in force; of a secret only whether it is set.', example: '720h' }),
        }),
      )
      .openapi({ description: 'All settings, those included that nobody made.' }),
  })
  .openapi('Settings');

const route = createRoute({
  method: 'get',
  path: '/api/settings',
  operationId: 'getSettings',
  summary: 'The version of the service, and the settings that it runs with',
  security: tokenWith('admin'),
  request: { headers: conditionalHeaders },
  responses: { ...conditionalJson(settingsSchema, 'The settings.'), ...problemResponses(...GATE_CODES) },
});

/** GET /api/settings. */
export function addSettingsRoute(app: OpenAPIHono, { settings, version }: ApiDependencies): void {
  const items = Object.entries(settings).map(([name, value]) => ({ name, value }));
  app.openapi(route, (context) => context.json({ version, items }, 200));
}
