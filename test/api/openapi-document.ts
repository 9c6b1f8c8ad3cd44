/** The OpenAPI document as tests look at it, and what of an answer is not as it says. */
import { type Components, type JsonSchema, schemaFaults } from './schema-faults.ts';

/** A body of one media type. */
export interface MediaType {
  readonly schema: JsonSchema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

/** Something that is sent beside a body. */
export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

/** An answer. */
export interface DocumentedResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Omit<Parameter, 'name' | 'in'>>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

/** What may be asked, and what may be answered. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, MediaType>> };
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
  readonly callbacks?: Readonly<Record<string, Paths>>;
}

/** Operations by path and method. */
export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** The document. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Paths;
  readonly components: {
    readonly schemas: Components;
    readonly securitySchemes: Readonly<Record<string, { readonly type: string }>>;
  };
}

/** An operation and how it is asked. */
export interface DocumentedOperation {
  readonly id: string;
  /** In capitals. */
  readonly method: string;
  /** With `{name}` where a parameter stands. */
  readonly path: string;
  readonly operation: Operation;
}

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty of a stream that never ends. */
  readonly text: string;
}

/** A response with its body. */
export async function answerOf(response: Response | Promise<Response>): Promise<Answer> {
  const answer = await response;
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** All operations of some paths, in their order. */
export function operationsOf(paths: Paths): readonly DocumentedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
}

/** The codes of the problems that an operation may answer. */
export function codesOf({ responses }: Operation): readonly string[] {
  return Object.values(responses).flatMap(({ description, content = {} }) =>
    'application/problem+json' in content ? description.split(', ') : [],
  );
}

/** The code of an answer that is a problem; null: it is none. */
export function codeOf({ headers, text }: Answer): string | null {
  if (mediaTypeOf(headers) !== 'application/problem+json') return null;
  return (JSON.parse(text) as { code: string }).code;
}

/** What of an answer is not as its operation says: its status, its headers, its media type, any member of its body and, of a problem, the code. */
export function faultsOf(operation: Operation, answer: Answer, { components }: OpenApiDocument): string[] {
  const { schemas } = components;
  const { status, headers, text } = answer;
  const response = operation.responses[status];
  if (response === undefined) return [`${status} is not described: ${text}`];
  const mediaType = mediaTypeOf(headers);
  const faults = headerFaults(response, answer, schemas);
  if (response.content === undefined) return text === '' ? faults : [...faults, `${status} has a body: ${text}`];
  const body = response.content[mediaType];
  if (body === undefined) {
    return [...faults, `${status} is described as ${Object.keys(response.content).join()}, not ${mediaType}`];
  }
  if (!mediaType.endsWith('json') || mediaType === 'application/x-ndjson') return faults;
  const code = codeOf(answer);
  return [
    ...faults,
    ...schemaFaults(JSON.parse(text), body.schema, schemas),
    ...(code === null || response.description.split(', ').includes(code) ? [] : [`${code} is not described`]),
  ];
}

/** Headers that say something of an operation, so that they are described where they are sent, and sent where they are described. */
const TELLING_HEADERS = ['ETag', 'Location', 'Retry-After', 'WWW-Authenticate'];

function headerFaults(response: DocumentedResponse, { headers, status }: Answer, components: Components): string[] {
  const isDownload = headers.has('Content-Disposition');
  return TELLING_HEADERS.flatMap((name) => {
    const value = headers.get(name);
    const described = response.headers?.[name];
    // RFC 6750 has one go with a scope that is missing, which other refusals of that status are not about.
    if (name === 'WWW-Authenticate' && status === 403) return [];
    if (described === undefined) return value === null ? [] : [`${name} is not described of ${status}`];
    if (value === null) return isDownload ? [] : [`${status} has no ${name}`];
    return schemaFaults(value, described.schema, components, name);
  });
}

function mediaTypeOf(headers: Headers): string {
  return (headers.get('Content-Type') ?? '').split(';')[0] ?? '';
}
