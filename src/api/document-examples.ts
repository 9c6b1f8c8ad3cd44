/** Examples for every body of the OpenAPI document, made of those of its schemas: what is written once cannot differ. */
import { ERRORS, type ErrorCode, ServiceError } from '../errors.ts';
import {
  type Content,
  type DocsCallback,
  type DocsDocument,
  type DocsOperation,
  type DocsSchema,
  schemaName,
} from './docs-page.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from './problem.ts';

const JSON_MEDIA_TYPE = 'application/json';

/** The document with an example of each JSON body, and of each problem by its code. */
export function withExamples<Document extends DocsDocument>(document: Document): Document {
  return { ...document, paths: exemplifiedPaths(document.paths, document) };
}

function exemplifiedPaths(paths: DocsDocument['paths'], document: DocsDocument): DocsDocument['paths'] {
  return Object.fromEntries(
    Object.entries(paths).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => [method, exemplified(operation, path, document)]),
      ),
    ]),
  );
}

function exemplified(operation: DocsOperation, path: string, document: DocsDocument): DocsOperation {
  const { requestBody, responses, callbacks } = operation;
  const answers = Object.entries(responses).map(([status, { content, ...response }]) => [
    status,
    content === undefined ? response : { ...response, content: withExample(content, { path, document, ...response }) },
  ]);
  return {
    ...operation,
    ...(requestBody === undefined
      ? {}
      : {
          requestBody: {
            ...requestBody,
            content: withExample(requestBody.content, { path, document, description: '' }),
          },
        }),
    responses: Object.fromEntries(answers),
    ...(callbacks === undefined ? {} : { callbacks: exemplifiedCallbacks(callbacks, document) }),
  };
}

function exemplifiedCallbacks(callbacks: Readonly<Record<string, DocsCallback>>, document: DocsDocument) {
  return Object.fromEntries(
    Object.entries(callbacks).map(([name, callback]) => [name, exemplifiedPaths(callback, document)]),
  );
}

interface ExampleContext {
  readonly path: string;
  readonly document: DocsDocument;
  /** Of a problem: its codes. */
  readonly description: string;
}

function withExample(content: Content, { path, document, description }: ExampleContext): Content {
  const bodies = Object.entries(content).map(([mediaType, body]): [string, Content[string]] => {
    if (mediaType === PROBLEM_MEDIA_TYPE) return [mediaType, { ...body, examples: problemsOf(description, path) }];
    // One that has its own says more by them than by what its schema is made of.
    if (mediaType !== JSON_MEDIA_TYPE || body.examples !== undefined) return [mediaType, body];
    const { oneOf } = body.schema;
    if (oneOf !== undefined) return [mediaType, { ...body, examples: alternativesOf(oneOf, document) }];
    return [mediaType, { ...body, example: exampleOf(body.schema, document) }];
  });
  return Object.fromEntries(bodies);
}

/** An example of each alternative, by the name of its schema. */
function alternativesOf(
  alternatives: readonly DocsSchema[],
  document: DocsDocument,
): NonNullable<Content[string]['examples']> {
  return Object.fromEntries(
    alternatives.map((schema) => [schemaName(schema.$ref ?? ''), { value: exampleOf(schema, document) }]),
  );
}

function problemsOf(codes: string, path: string): NonNullable<Content[string]['examples']> {
  return Object.fromEntries(
    codes.split(', ').flatMap((code) => {
      const problem = isErrorCode(code) ? problemOf(new ServiceError(code), path) : null;
      return problem === null ? [] : [[code, { value: JSON.parse(problem.body) }]];
    }),
  );
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** A value that a schema describes: its own example, else one made of the examples of its parts. Of members only those that must be there. */
function exampleOf(schema: DocsSchema, document: DocsDocument): unknown {
  if (schema.example !== undefined) return schema.example;
  if (schema.$ref !== undefined) {
    const named = document.components.schemas[schemaName(schema.$ref)];
    return named === undefined ? null : exampleOf(named, document);
  }
  const [alternative] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? [];
  if (alternative !== undefined) return exampleOf(alternative, document);
  return schema.const ?? schema.enum?.[0] ?? ofType(schema, document);
}

function ofType(schema: DocsSchema, document: DocsDocument): unknown {
  const [type] = [schema.type ?? 'null'].flat();
  const { properties = {}, required = [], items } = schema;
  switch (type) {
    case 'object': {
      const members = required.flatMap((name) => {
        const member = properties[name];
        return member === undefined ? [] : [[name, exampleOf(member, document)]];
      });
      return Object.fromEntries(members);
    }
    case 'array':
      return items === undefined || Object.keys(items).length === 0 ? [] : [exampleOf(items, document)];
    case 'string':
      return '…';
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return null;
  }
}
