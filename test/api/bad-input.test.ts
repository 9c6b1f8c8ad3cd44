/**
 * Whatever is put into the parameters, the headers and the bodies of operations is answered as the document says: what its schemas do not take is refused, naming the field, and nothing
 * is answered that it does not describe. The service behind the API is a fake that would take everything.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { apiUnderTest, bodyOf, FILE_ID, INGESTION_ID, type ProblemBody, sampleIngestion } from './api-under-test.ts';
import {
  answerOf,
  codeOf,
  type DocumentedOperation,
  faultsOf,
  type OpenApiDocument,
  operationsOf,
  type Parameter,
} from './openapi-document.ts';
import { type JsonSchema, schemaFaults } from './schema-faults.ts';

const emptyPage = () => Promise.resolve({ items: [], nextCursor: null });
const { app } = apiUnderTest({
  service: {
    submit: () => Promise.resolve({ status: 'STARTED', ingestionId: INGESTION_ID, fileId: FILE_ID, changed: [] }),
    ...Object.fromEntries(['pause', 'resume', 'cancel'].map((event) => [event, notFound])),
  },
  reads: {
    getIngestion: (id) => Promise.resolve(id === INGESTION_ID ? sampleIngestion() : null),
    listIngestions: emptyPage,
    listChunks: emptyPage,
    listRejects: emptyPage,
    getLastFailedAttempt: () => Promise.resolve(null),
  },
  rebuilder: { planOf: () => Promise.reject(new ServiceError('CHUNK_NOT_FOUND')), rebuild: notFound },
  verifications: { start: notVerified, find: () => null, forget: () => false },
  retention: { delete: notFound },
  previews: { preview: () => Promise.reject(new ServiceError('PREVIEWS_BUSY')) },
  circuits: { list: () => [], of: () => null },
  events: {
    async *follow() {
      yield await Promise.reject(new ServiceError('SHUTTING_DOWN'));
    },
  },
});

function notFound(): Promise<never> {
  return Promise.reject(new ServiceError('INGESTION_NOT_FOUND'));
}

function notVerified(): never {
  throw new ServiceError('READ_BACK_BUSY');
}

const document = await bodyOf<OpenApiDocument>(await app.request('/openapi.json'));
const operations = operationsOf(document.paths).filter(({ path }) => path.startsWith('/api/'));

interface Asked {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** Asks an operation, expects an answer that it describes, and gives that with the fields that were refused. */
async function askAs({ method, operation }: DocumentedOperation, { path, headers = {}, body }: Asked) {
  const answer = await answerOf(app.request(path, { method, headers, ...(body === undefined ? {} : { body }) }));
  expect(faultsOf(operation, answer, document), answer.text).toEqual([]);
  const code = codeOf(answer);
  const { errors = [] } = code === null ? {} : (JSON.parse(answer.text) as ProblemBody);
  return { status: answer.status, code, fields: errors.map(({ field }) => field) };
}

const soundPath = ({ path }: DocumentedOperation) => path.replace('{id}', INGESTION_ID).replace('{n}', '0');

/** A text of a URL, or of a header, as the value that its schema is about; of an integer that is none the text itself. */
function meantBy(text: string, { type }: JsonSchema): unknown {
  return type === 'integer' && /^\d+$/.test(text) ? Number(text) : text;
}

/** Texts around what a schema takes, and any others. */
function textsAround({ minimum = 0, maximum = 500, enum: allowed = [] }: JsonSchema): fc.Arbitrary<string> {
  return fc.oneof(
    fc.integer({ min: minimum - 2, max: maximum + 2 }).map(String),
    fc.constantFrom('', '-1', '+1', '1.0', '1e1', '0x1', ' 1', '٣', 'null', String(2 ** 53), '9'.repeat(40)),
    fc.constantFrom('x', ...allowed.map(String)),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
}

const parametersIn = (place: string) =>
  operations.flatMap((operation) =>
    (operation.operation.parameters ?? [])
      .filter((parameter) => parameter.in === place)
      .map((parameter): [string, DocumentedOperation, Parameter] => [
        `${parameter.name} of ${operation.id}`,
        operation,
        parameter,
      ]),
  );

describe('a parameter of the query', () => {
  it.each(parametersIn('query'))(
    '%s is taken where its schema takes it, and else refused by its name',
    async (...of) => {
      const [, operation, { name, schema }] = of;
      await fc.assert(
        fc.asyncProperty(textsAround(schema), async (text) => {
          const path = `${soundPath(operation)}?${new URLSearchParams({ [name]: text }).toString()}`;
          const { code, fields } = await askAs(operation, { path });
          if (schemaFaults(meantBy(text, schema), schema, document.components.schemas).length === 0) return;
          expect([code, fields]).toEqual(['REQUEST_INVALID', [name]]);
        }),
        { numRuns: 60 },
      );
    },
  );

  it.each(parametersIn('query'))('%s is refused where it comes twice', async (_title, operation, { name, schema }) => {
    const text = [...(schema.enum ?? []), 1].map(String)[0];
    const path = `${soundPath(operation)}?${name}=${text}&${name}=${text}`;
    expect(await askAs(operation, { path })).toMatchObject({ code: 'REQUEST_INVALID', fields: [name] });
  });

  it('is refused where there is none of its name', async () => {
    const asking = new Set(parametersIn('query').map(([, operation]) => operation));
    expect(asking.size).toBeGreaterThan(4);
    for (const operation of asking) {
      const answer = await askAs(operation, { path: `${soundPath(operation)}?limits=1` });
      expect(answer).toMatchObject({ code: 'REQUEST_INVALID', fields: ['limits'] });
    }
  });
});

describe('a parameter of the path', () => {
  it.each(parametersIn('path'))('%s may be any text', async (_title, operation, { name, schema }) => {
    const texts = textsAround(schema).filter((text) => !['', '.', '..', INGESTION_ID].includes(text));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const path = operation.path.replace(`{${name}}`, encodeURIComponent(text));
        const { code } = await askAs(operation, { path: path.replace('{id}', INGESTION_ID).replace('{n}', '0') });
        const isSound = schemaFaults(meantBy(text, schema), schema, document.components.schemas).length === 0;
        if (name === 'id') expect(code).toBe('INGESTION_NOT_FOUND');
        else if (isSound && text.length <= 15) expect(code).toBe('CHUNK_NOT_FOUND');
        else expect(code).toBe('REQUEST_INVALID');
      }),
      { numRuns: 60 },
    );
  });
});

/** What a header may hold (RFC 9110, 5.5), but for what is cut off around it. */
const headerTexts = fc.oneof(
  fc.stringMatching(/^[\x21-\x7e]{1,40}$/),
  fc.stringMatching(/^[\x21-\x7e\x80-\xff]{1,300}$/),
  fc.constantFrom('*', '""', 'W/""', '"a", "b"', ',', '1', '-1', '*/*', 'application/*;q=0', 'text/html'),
);

describe('a header', () => {
  const named = (name: string): [string, DocumentedOperation, Parameter][] =>
    operations.map((operation) => [
      `${name} of ${operation.id}`,
      operation,
      { name, in: 'header', schema: { type: 'string' } },
    ]);

  it.each([...parametersIn('header'), ...named('Accept'), ...named('If-None-Match'), ...named('Range')])(
    '%s is taken where its schema takes it, and else refused',
    async (_title, operation, { name, schema }) => {
      await fc.assert(
        fc.asyncProperty(headerTexts, async (text) => {
          const asked = { path: soundPath(operation), headers: { [name]: text } };
          const { code } = await askAs(operation, asked);
          // A body is asked for after the headers.
          const isSound = schemaFaults(meantBy(text, schema), schema, document.components.schemas).length === 0;
          if (!isSound) expect(code).toBe('REQUEST_INVALID');
        }),
        { numRuns: 25 },
      );
    },
  );
});

const withBodies = operations.filter(({ operation }) => operation.requestBody !== undefined);

/** Keys are plain: with others the pinned runtime reads one for another now and then. */
const keys = fc.stringMatching(/^[a-z_]{1,8}$/);
const values: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, false, 0, -1, 0.5, 1e21, 100_001, 67_108_865, '', '\0', '\ud800', '72h', '1ms', '1%'),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.integer(),
  fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 }),
  fc.dictionary(keys, fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxKeys: 3 }),
  fc.constantFrom('x'.repeat(1_025), 'http://x/'.padEnd(8_193, 'x'), { window: 1 }, { encoding: 'none' }),
);

describe.each(withBodies)('the body of $id', (operation) => {
  const { schema } = operation.operation.requestBody?.content['application/json'] ?? { schema: {} };
  const names = Object.keys(schema.properties ?? {});
  const sound = {
    file_path: '/x.json',
    ...(operation.id === 'submitIngestion' ? { callback_url: 'http://receiver.example/' } : {}),
  };
  const send = (body: string | Uint8Array<ArrayBuffer>, contentType = 'application/json') =>
    askAs(operation, { path: operation.path, headers: { 'Content-Type': contentType }, body });

  it('is refused by the names of all fields that its schema does not take', async () => {
    const changes = fc.dictionary(fc.oneof(fc.constantFrom(...names), keys), values, { maxKeys: 3 });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(changes, fc.constantFrom(undefined, ...Object.keys(sound)), async (changed, left) => {
        const body = Object.fromEntries(Object.entries({ ...sound, ...changed }).filter(([name]) => name !== left));
        const { code, fields } = await send(JSON.stringify(body));
        const faults = schemaFaults(body, schema, document.components.schemas);
        const faulty = faults.map((fault) => /^\$\.([a-z_]+)/.exec(fault)?.[1] ?? '');
        // Options are judged by the type, where that is known.
        const isTypeKnown = !fields.includes('file_path') && !fields.includes('file_type');
        for (const name of faulty.filter((one) => one !== 'format' || isTypeKnown)) {
          expect(fields.map((field) => field.split('.')[0])).toContain(name);
        }
        if (faults.length === 0) return;
        refused += 1;
        expect(code).toBe('REQUEST_INVALID');
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('is refused where it is no object', async () => {
    for (const body of ['null', '[]', '"x"', '1', 'true', '[{}]']) {
      expect(await send(body), body).toMatchObject({ code: 'REQUEST_INVALID' });
    }
  });

  it('is refused where it is no JSON, whatever its bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        const { code } = await send(new Uint8Array(bytes));
        expect(['REQUEST_NOT_JSON', 'REQUEST_INVALID']).toContain(code);
      }),
      { numRuns: 100 },
    );
  });

  it('is refused where it is not declared as JSON in UTF-8', async () => {
    const declared = fc.oneof(
      headerTexts,
      fc.constantFrom('application/json; charset=utf-16', 'application/json;', 'application/jsonx', 'text/json'),
    );
    await fc.assert(
      fc.asyncProperty(declared, async (contentType) => {
        expect(await send(JSON.stringify(sound), contentType)).toMatchObject({ code: 'REQUEST_MEDIA_TYPE' });
      }),
      { numRuns: 40 },
    );
  });
});
