/** The document is held against what the OpenAPI Specification 3.1 and JSON Schema say of its parts: https://spec.openapis.org/oas/v3.1.1.html */
import { describe, expect, it } from 'vitest';
import { EXAMPLE_CHUNK } from '../../src/api/ingest-callbacks.ts';
import { EXAMPLE_INGESTION_ID } from '../../src/api/schema-parts.ts';
import { ERRORS } from '../../src/errors.ts';
import { interpretAnswer } from '../../src/protocol/ack.ts';
import { apiUnderTest, bodyOf } from './api-under-test.ts';
import { type MediaType, type OpenApiDocument, type Operation, operationsOf } from './openapi-document.ts';
import { type JsonSchema, schemaFaults } from './schema-faults.ts';

const { app } = apiUnderTest();
const document = await bodyOf<OpenApiDocument>(await app.request('/openapi.json'));
const offered = operationsOf(document.paths);
const received = offered.flatMap(({ operation }) =>
  Object.values(operation.callbacks ?? {}).flatMap((paths) => operationsOf(paths)),
);
const operations = [...offered, ...received];

/** The fixed fields of each object of the specification that occurs. */
const FIELDS = {
  document: 'openapi info jsonSchemaDialect servers paths webhooks components security tags externalDocs',
  info: 'title summary description termsOfService contact license version',
  components: 'schemas responses parameters examples requestBodies headers securitySchemes links callbacks pathItems',
  operation:
    'tags summary description externalDocs operationId parameters requestBody responses callbacks deprecated security servers',
  parameter: 'name in description required deprecated schema style explode example examples content',
  header: 'description required deprecated schema style explode example examples content',
  requestBody: 'description content required',
  response: 'description headers content links',
  mediaType: 'schema example examples encoding',
  schema:
    '$ref type enum const pattern format minLength maxLength minimum maximum minItems maxItems items properties required additionalProperties anyOf oneOf allOf description example default',
} as const;

const TYPES = ['string', 'integer', 'number', 'boolean', 'null', 'object', 'array'];

/** Members of an object that the specification does not know. */
function strangers(value: object, kind: keyof typeof FIELDS): string[] {
  const known = FIELDS[kind].split(' ');
  return Object.keys(value).filter((name) => !known.includes(name) && !name.startsWith('x-'));
}

/** Every value of a member called `$ref`, at any depth. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => (name === '$ref' ? [String(member)] : references(member)));
}

/** A schema and all schemas in it, each with where it is. */
function* schemasIn(schema: JsonSchema, where: string): Generator<readonly [string, JsonSchema]> {
  yield [where, schema];
  const { items, properties = {}, additionalProperties, anyOf = [], oneOf = [], allOf = [] } = schema;
  for (const [name, member] of Object.entries(properties)) yield* schemasIn(member, `${where}.${name}`);
  for (const inner of [...anyOf, ...oneOf, ...allOf]) yield* schemasIn(inner, `${where}|`);
  if (items !== undefined) yield* schemasIn(items, `${where}[]`);
  if (typeof additionalProperties === 'object') yield* schemasIn(additionalProperties, `${where}.*`);
}

function bodiesOf({ operationId, requestBody, responses }: Operation): readonly (readonly [string, MediaType])[] {
  const contents = [requestBody?.content, ...Object.values(responses).map(({ content }) => content)];
  return contents.flatMap((content) =>
    Object.entries(content ?? {}).map(([mediaType, body]) => [`${operationId} ${mediaType}`, body] as const),
  );
}

/** Every schema of the document. */
function allSchemas(): readonly (readonly [string, JsonSchema])[] {
  const roots: (readonly [string, JsonSchema])[] = Object.entries(document.components.schemas);
  for (const { id, operation } of operations) {
    roots.push(...bodiesOf(operation).map(([where, { schema }]) => [where, schema] as const));
    for (const { name, schema } of operation.parameters ?? []) roots.push([`${id} ${name}`, schema]);
    for (const { headers = {} } of Object.values(operation.responses)) {
      roots.push(...Object.entries(headers).map(([name, { schema }]) => [`${id} ${name}`, schema] as const));
    }
  }
  return roots.flatMap(([where, schema]) => [...schemasIn(schema, where)]);
}

describe('/openapi.json as an OpenAPI 3.1 document', () => {
  it('says which version of the specification and of the service it is of', () => {
    expect(document).toMatchObject({ openapi: expect.stringMatching(/^3\.1\.\d+$/), info: { version: '1.2.3' } });
    expect(strangers(document, 'document')).toEqual([]);
    expect(strangers(document.info, 'info')).toEqual([]);
    expect(strangers(document.components, 'components')).toEqual([]);
  });

  it('describes every route there is, and no other', () => {
    const routes = app.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/' && !path.startsWith('/dashboard/'))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    const described = offered.map(({ method, path }) => `${method} ${path}`);
    expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
    expect(described.length).toBeGreaterThan(20);
  });

  it('names every operation once, as a name in a program can be', () => {
    const ids = operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, method, operation } of operations) {
      expect(id).toMatch(/^[a-z][a-zA-Z]+$/);
      expect(['GET', 'POST', 'DELETE']).toContain(method);
      expect(strangers(operation, 'operation')).toEqual([]);
      expect(operation.summary, id).not.toBe('');
      expect(operation.requestBody === undefined || method === 'POST').toBe(true);
    }
  });

  it('describes every parameter, those of the path exactly', () => {
    for (const { id, path, operation } of operations) {
      const { parameters = [] } = operation;
      const names = parameters.map(({ name, in: place }) => `${place} ${name.toLowerCase()}`);
      expect(new Set(names).size, id).toBe(names.length);
      for (const parameter of parameters) {
        expect(strangers(parameter, 'parameter')).toEqual([]);
        expect(['path', 'query', 'header']).toContain(parameter.in);
        expect(parameter.description, `${id} ${parameter.name}`).toMatch(/\.$/);
        // Of headers with these names the specification takes no description.
        expect(['accept', 'content-type', 'authorization']).not.toContain(parameter.name.toLowerCase());
      }
      if (path.startsWith('{')) continue;
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name, required }) => [name, required])).toEqual(
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, true]),
      );
    }
  });

  it('describes every answer, its headers and its bodies', () => {
    for (const { id, operation } of operations) {
      const { requestBody, responses } = operation;
      if (requestBody !== undefined) expect(strangers(requestBody, 'requestBody')).toEqual([]);
      expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
      for (const [status, response] of Object.entries(responses)) {
        expect(status).toMatch(/^(?:[1-5](?:\d\d|XX)|default)$/);
        expect(response.description, `${id} ${status}`).not.toBe('');
        expect(strangers(response, 'response')).toEqual([]);
        for (const header of Object.values(response.headers ?? {})) {
          expect(strangers(header, 'header')).toEqual([]);
          expect(header.description, `${id} ${status}`).toMatch(/\.$/);
        }
      }
      for (const [where, body] of bodiesOf(operation)) {
        expect(strangers(body, 'mediaType'), where).toEqual([]);
        expect(body.schema, where).toBeDefined();
        expect(body.example !== undefined && body.examples !== undefined, where).toBe(false);
      }
    }
  });

  it('asks for nothing but schemes that it describes', () => {
    const { securitySchemes } = document.components;
    expect(securitySchemes).toMatchObject({ token: { type: 'http', scheme: 'bearer' } });
    for (const { operation } of operations) {
      for (const requirement of operation.security ?? []) {
        expect(Object.keys(securitySchemes)).toEqual(expect.arrayContaining(Object.keys(requirement)));
      }
    }
  });

  it('refers to nothing that is not there, and holds nothing that is not referred to', () => {
    const targets = new Set(references(document).map((target) => target.replace('#/components/schemas/', '')));
    expect([...targets].toSorted()).toEqual(Object.keys(document.components.schemas).toSorted());
    expect(targets.size).toBeGreaterThan(15);
  });

  it('has schemas that are sound, and hold what they say of themselves', () => {
    const schemas = allSchemas();
    expect(schemas.length).toBeGreaterThan(300);
    for (const [where, schema] of schemas) {
      expect(strangers(schema, 'schema'), where).toEqual([]);
      for (const type of [schema.type ?? []].flat()) expect(TYPES, where).toContain(type);
      const { properties, required = [], enum: allowed = [], minimum = 0, maximum = minimum, pattern } = schema;
      expect(Object.keys(properties ?? {}), where).toEqual(expect.arrayContaining([...required]));
      expect(new Set(allowed).size, where).toBe(allowed.length);
      expect(minimum, where).toBeLessThanOrEqual(maximum);
      if (pattern !== undefined) expect(() => new RegExp(pattern, 'u'), where).not.toThrow();
      for (const value of [schema.example, schema.default]) {
        if (value !== undefined) expect(schemaFaults(value, schema, document.components.schemas), where).toEqual([]);
      }
    }
  });

  it('gives an example of each JSON body and of each problem, all of them sound', () => {
    let count = 0;
    for (const [where, body] of operations.flatMap(({ operation }) => bodiesOf(operation))) {
      if (!where.endsWith('json') || where.endsWith('ndjson')) continue;
      const examples = [body.example, ...Object.values(body.examples ?? {}).map(({ value }) => value)];
      const given = examples.filter((example) => example !== undefined);
      expect(given.length, where).toBeGreaterThan(0);
      for (const example of given) {
        expect(schemaFaults(example, body.schema, document.components.schemas), where).toEqual([]);
      }
      count += given.length;
    }
    expect(count).toBeGreaterThan(100);
  });

  it('knows no codes but those of the table, each under its status', () => {
    let count = 0;
    for (const { operation } of offered) {
      for (const [status, { description, content = {} }] of Object.entries(operation.responses)) {
        if (!('application/problem+json' in content)) continue;
        for (const code of description.split(', ')) {
          expect(ERRORS).toHaveProperty([code, 'httpStatus'], Number(status));
          count += 1;
        }
      }
    }
    expect(count).toBeGreaterThan(200);
  });
});

describe('the callbacks', () => {
  it('are all that a receiver is sent: to addresses that the request names', () => {
    const { operation } = offered.find(({ id }) => id === 'submitIngestion') ?? {};
    const { properties = {} } = operation?.requestBody?.content['application/json']?.schema ?? {};
    const expressions = Object.values(operation?.callbacks ?? {}).flatMap((paths) => Object.keys(paths));
    expect(expressions).toEqual(['{$request.body#/callback_url}', '{$request.body#/status_url}']);
    for (const expression of expressions) {
      expect(Object.keys(properties)).toContain(/^\{\$request\.body#\/(\w+)\}$/.exec(expression)?.[1]);
    }
  });

  it('say the body that comes, all headers with it, and what to answer', () => {
    const [delivery, status] = received.map(({ operation }) => operation);
    const schemaOf = (operation?: Operation) => operation?.requestBody?.content['application/json']?.schema;
    expect(schemaOf(delivery)?.oneOf?.map(({ $ref }) => $ref?.split('/').at(-1))).toEqual([
      'ChunkMessage',
      'CompletedMessage',
    ]);
    expect(schemaOf(status)?.$ref).toBe('#/components/schemas/StatusMessage');
    for (const { requestBody, parameters = [] } of [delivery, status].filter((operation) => operation !== undefined)) {
      expect(requestBody?.required).toBe(true);
      expect(parameters.filter(({ required }) => required === true).length).toBeGreaterThanOrEqual(4);
    }
    const acknowledged = delivery?.responses['200']?.content?.['application/json'];
    expect(acknowledged?.examples?.acknowledged?.value).toMatchObject({ ack: true });
    const { properties } = document.components.schemas.Acknowledgement ?? {};
    expect(Object.keys(properties ?? {})).toEqual(
      expect.arrayContaining(['ack', 'ingestion_id', 'chunk_number', 'error', 'expected_chunk', 'epoch']),
    );
  });

  it('answer by examples that mean to a sender what they are called', () => {
    const [delivery] = received.map(({ operation }) => operation);
    const examples = Object.entries(delivery?.responses ?? {}).flatMap(([status, { content = {} }]) =>
      Object.entries(content['application/json']?.examples ?? {}).map(([name, { value }]) => {
        const body = new TextEncoder().encode(JSON.stringify(value));
        const answer = { status: Number(status), retryAfter: null, contentEncoding: null, body, now: 0 };
        const chunk = { ingestionId: EXAMPLE_INGESTION_ID, chunkNumber: EXAMPLE_CHUNK };
        const outcome = interpretAnswer(answer, { target: 'chunk', ...chunk });
        return { status, name, outcome: outcome.kind, highestEpoch: 'highestEpoch' in outcome && outcome.highestEpoch };
      }),
    );
    for (const { name, outcome } of examples) expect(outcome).toBe(name);
    expect(examples.map(({ status, name }) => `${status} ${name}`)).toEqual([
      '200 acknowledged',
      '200 rejected',
      '200 rewind-asked',
      '409 stale-epoch',
      '409 rewind-asked',
    ]);
    expect(examples.find(({ name }) => name === 'stale-epoch')?.highestEpoch).toBe(4);
  });
});
