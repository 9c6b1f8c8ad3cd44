import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type DocsDocument, renderDocsPage } from '../../src/api/docs-page.ts';
import { ERRORS } from '../../src/errors.ts';
import { apiUnderTest, bodyOf } from './api-under-test.ts';

const { app } = apiUnderTest();
const document = await bodyOf<DocsDocument>(await app.request('/openapi.json'));
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('/openapi.json', () => {
  it('requires the body of a request, and says what is in it', () => {
    const { requestBody } = operations.find(({ path }) => path === '/api/ingest')?.operation ?? {};
    expect(requestBody).toMatchObject({
      required: true,
      content: {
        'application/json': { schema: { required: ['file_path', 'callback_url'], additionalProperties: false } },
      },
    });
    const { properties = {} } = requestBody?.content['application/json']?.schema ?? {};
    expect(Object.keys(properties)).toHaveLength(15);
    for (const [name, schema] of Object.entries(properties)) {
      expect(schema.description ?? schema.properties, name).toBeDefined();
    }
  });

  it('says of members that may be null that they may', () => {
    const { last_error: lastError, status_url: statusUrl } = document.components.schemas.Ingestion?.properties ?? {};
    expect(statusUrl).toMatchObject({ type: ['string', 'null'] });
    expect(lastError).toMatchObject({ anyOf: [{ $ref: '#/components/schemas/LastError' }, { type: 'null' }] });
  });
});

describe('/docs', () => {
  it('shows every operation with an example, every schema and every code', async () => {
    const page = await (await app.request('/docs')).text();
    for (const { method, path, operation } of operations) {
      expect(page).toContain(`<section id="${operation.operationId}">`);
      expect(page).toContain(`<span class="method">${method.toUpperCase()}</span> <code>${path}</code>`);
    }
    expect(page.match(/<pre>curl/g)).toHaveLength(operations.length);
    expect(page).toContain('-d &#39;{&quot;file_path&quot;:&quot;/srv/feeds/products.json&quot;');
    for (const name of Object.keys(document.components.schemas)) expect(page).toContain(`id="schema-${name}"`);
    for (const code of Object.keys(ERRORS)) expect(page).toContain(`id="${code}"`);
  });

  it('leads nowhere that is not there', async () => {
    const page = await (await app.request('/docs')).text();
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.matchAll(/ href="#([^"]+)"/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((link) => !ids.has(link))).toEqual([]);
  });

  it('loads nothing: its policy allows its own style and script alone, and requests to where it came from', async () => {
    const response = await app.request('/docs');
    const page = await response.text();
    expect(page).not.toMatch(/<script [^>]|<link|<img|<iframe|javascript:|(?:src|href)="https?:| on\w+=/i);
    const policy = response.headers.get('Content-Security-Policy') ?? '';
    for (const element of ['style', 'script']) {
      const [, text = ''] = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(page) ?? [];
      expect(policy).toContain(`${element}-src 'sha256-${hash('sha256', text, 'base64')}';`);
    }
    expect(policy).toMatch(/^default-src 'none';.* connect-src 'self'; .*form-action 'none'; frame-ancestors 'none'$/);
  });

  it('has a form for every operation but streams, with a labelled field for each of its parameters', async () => {
    const page = await (await app.request('/docs')).text();
    const forms = [...page.matchAll(/<form data-method="(\w+)" data-path="([^"]+)"[\s\S]*?<\/form>/g)];
    const tried = operations.filter(({ path }) => !path.endsWith('/events'));
    expect(forms.map(([, method, path]) => `${method} ${path}`)).toEqual(
      tried.map(({ method, path }) => `${method.toUpperCase()} ${path}`),
    );
    for (const [index, [form]] of forms.entries()) {
      const { parameters = [], requestBody } = tried[index]?.operation ?? {};
      expect(form.match(/<label>/g) ?? []).toHaveLength(parameters.length + (requestBody === undefined ? 0 : 1));
    }
  });

  it('escapes whatever a document says', () => {
    const evil = `"><script>alert('x')</script>&`;
    const schema = { type: evil, description: evil, properties: { [evil]: { type: evil } } };
    const page = renderDocsPage({
      info: { title: evil, version: evil, description: evil },
      paths: {
        [`/${evil}`]: {
          get: {
            operationId: evil,
            summary: evil,
            description: evil,
            parameters: [{ name: evil, in: evil, description: evil, schema: { type: evil } }],
            requestBody: { content: { 'application/json': { schema } } },
            responses: { [evil]: { description: evil, content: { [evil]: { schema: { $ref: evil } } } } },
          },
        },
      },
      components: { schemas: { [evil]: { description: evil, properties: { a: { enum: [evil] } } } } },
    });
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/&lt;script&gt;alert\(&#39;x&#39;\)/g)?.length).toBeGreaterThan(15);
  });
});
