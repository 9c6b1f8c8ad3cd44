/** The page at /docs: the OpenAPI document for people, with a form to try each operation. One HTML text without anything from elsewhere. */
import { hash } from 'node:crypto';
import { ERRORS } from '../errors.ts';
import { DOCS_SCRIPT } from './docs-script.ts';

/** The part of a JSON Schema that the page shows. */
export interface DocsSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: DocsSchema;
  readonly oneOf?: readonly DocsSchema[];
  readonly anyOf?: readonly DocsSchema[];
  readonly allOf?: readonly DocsSchema[];
  readonly properties?: Readonly<Record<string, DocsSchema>>;
  readonly required?: readonly string[];
  readonly example?: unknown;
}

/** Bodies by their media types. */
export type Content = Readonly<
  Record<
    string,
    {
      readonly schema: DocsSchema;
      readonly example?: unknown;
      readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
    }
  >
>;

/** The part of an operation that the page shows. */
export interface DocsOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: DocsSchema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
  readonly callbacks?: Readonly<Record<string, DocsCallback>>;
}

/** What is sent to others: operations by the expression of their address. */
export type DocsCallback = DocsDocument['paths'];

/** The part of an OpenAPI document that the page shows. */
export interface DocsDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocsOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, DocsSchema>> };
}

const STYLE = `
:root{color-scheme:light dark;background:Canvas;color:CanvasText}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
h2{margin-top:2.5rem;border-top:1px solid #8888;padding-top:1rem}
code,pre{font:14px/1.4 ui-monospace,monospace}
pre{white-space:pre-wrap;padding:.75rem;background:#8881;border-radius:.3rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8883}
.method{display:inline-block;min-width:3.5rem;font-weight:700}
label{display:block;margin:.5rem 0}
input,textarea,button{font:inherit;max-width:100%;box-sizing:border-box;padding:.25rem .5rem}
input,textarea{display:block;width:30rem}
textarea,output{font:14px/1.4 ui-monospace,monospace}
output{display:block;white-space:pre-wrap}
:focus-visible{outline:3px solid #48f;outline-offset:2px}
`;

/** What the page may load and do: its own style, its own script, and requests to where it came from. */
export const DOCS_CONTENT_SECURITY_POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; script-src 'sha256-${hash('sha256', DOCS_SCRIPT, 'base64')}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** A text that is HTML already; all else is escaped where it is put into some. */
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function toHtml(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(toHtml).join('');
  return String(part).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, next, index) => text + toHtml(parts[index - 1] ?? '') + next));
}

/** The page of a document. */
export function renderDocsPage(document: DocsDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const { title, version, description } = document.info;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} ${version}</title><style>${new Html(STYLE)}</style></head><body><main>
<h1>${title} ${version}</h1><p>${description}</p>
<p>For programs: <a href="/openapi.json">/openapi.json</a>. Operations that name a scope ask for a token where the service has any; else the header can be left out.</p>
<label>Token, for the forms below: kept in this tab alone, until it is closed <input id="token" type="password" autocomplete="off" spellcheck="false"></label>
<ul>${operations.map(({ method, path, operation }) => html`<li><a href="#${operation.operationId}"><span class="method">${method}</span> <code>${path}</code></a> ${operation.summary}</li>`)}
<li><a href="#errors">Errors</a></li></ul>
${operations.map((entry) => operationSection(entry, document))}
${Object.entries(document.components.schemas).map(([name, schema]) => schemaSection(name, schema))}
${errorSection()}</main>
<script>${new Html(DOCS_SCRIPT)}</script></body></html>`.text;
}

interface OperationEntry {
  readonly method: string;
  readonly path: string;
  readonly operation: DocsOperation;
}

function operationSection(entry: OperationEntry, document: DocsDocument): Html {
  const { method, path, operation } = entry;
  const body = operation.requestBody?.content['application/json']?.schema;
  return html`<section id="${operation.operationId}"><h2><span class="method">${method}</span> <code>${path}</code></h2>
<p>${operation.summary}. ${operation.description ?? ''}${scopeOf(operation)}</p>
${parametersTable(operation)}
${body === undefined ? '' : html`<h3>Body</h3>${propertiesTable(resolved(body, document))}`}
<h3>Answers</h3><table>${Object.entries(operation.responses).map(
    ([status, response]) =>
      html`<tr><td><code>${status}</code></td><td>${response.description}</td><td>${typeOfContent(response.content)}</td></tr>`,
  )}</table>
<pre>${curlOf(entry, document)}</pre>${tryForm(entry)}</section>`;
}

/** A stream has no form: it never ends. What a form asks for is checked by the service, so that refusals can be tried as well. */
function tryForm({ method, path, operation }: OperationEntry): Part {
  const { operationId, parameters = [], requestBody, responses } = operation;
  const isStream = Object.values(responses).some(({ content = {} }) => 'text/event-stream' in content);
  if (isStream) return '';
  const example = requestBody?.content['application/json']?.example;
  return html`<details><summary>Try it</summary><form data-method="${method}" data-path="${path}" aria-label="${operationId}">
${parameters.map(({ name, in: place }) => html`<label>${name} <small>${place}</small> <input name="${name}" data-in="${place}"></label>`)}
${requestBody === undefined ? '' : html`<label>Body <textarea name="body" data-in="body" rows="8" spellcheck="false">${JSON.stringify(example, null, 2)}</textarea></label>`}
<button>Send ${method} ${path}</button><output aria-live="polite"></output></form></details>`;
}

function scopeOf({ security: [requirement] = [] }: DocsOperation): Part {
  return requirement === undefined ? '' : html` Scope: <code>${Object.values(requirement).flat()}</code>.`;
}

function parametersTable({ parameters = [] }: DocsOperation): Part {
  if (parameters.length === 0) return '';
  return html`<h3>Parameters</h3><table>${parameters.map(
    ({ name, in: place, required = false, schema, description = schema.description ?? '' }) =>
      html`<tr><td><code>${name}</code></td><td>${place}, ${typeOf(schema)}${required ? ', required' : ''}</td><td>${description}</td></tr>`,
  )}</table>`;
}

function propertiesTable({ properties = {}, required = [] }: DocsSchema): Html {
  return html`<table>${Object.entries(properties).map(
    ([name, schema]) =>
      html`<tr><td><code>${name}</code></td><td>${typeOf(schema)}${required.includes(name) ? ', required' : ''}</td><td>${schema.description ?? ''}${exampleOf(schema)}${schema.properties === undefined ? '' : propertiesTable(schema)}</td></tr>`,
  )}</table>`;
}

function exampleOf({ example }: DocsSchema): Part {
  return example === undefined ? '' : html` <small>Such as <code>${JSON.stringify(example)}</code></small>`;
}

function schemaSection(name: string, schema: DocsSchema): Html {
  return html`<section id="schema-${name}"><h2>${name}</h2><p>${schema.description ?? ''}</p>${propertiesTable(schema)}</section>`;
}

function errorSection(): Html {
  return html`<section id="errors"><h2>Errors</h2><p>Every refusal is a problem document (RFC 9457) with one of these codes.</p>
<table><tr><th>Code</th><th>Status</th><th>What happened</th><th>What to do</th></tr>${Object.entries(ERRORS).map(
    ([code, { httpStatus, message, remedy }]) =>
      html`<tr id="${code}"><td><code>${code}</code></td><td>${httpStatus}</td><td>${message}</td><td>${remedy}</td></tr>`,
  )}</table></section>`;
}

function typeOfContent(content: Content = {}): Part {
  return Object.entries(content).map(([mediaType, { schema }]) => html`${typeOf(schema)} <small>${mediaType}</small>`);
}

function typeOf(schema: DocsSchema): Part {
  if (schema.$ref !== undefined) {
    const name = schemaName(schema.$ref);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ');
  const alternatives = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (alternatives !== undefined) {
    return alternatives.map((alternative, index) => [index === 0 ? '' : ' or ', typeOf(alternative)]);
  }
  if (schema.items !== undefined) return ['array of ', typeOf(schema.items)];
  return [schema.type ?? 'any'].flat().join(' or ');
}

/** The name that a `$ref` to a schema ends with. */
export function schemaName(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}

function resolved(schema: DocsSchema, document: DocsDocument): DocsSchema {
  return schema.$ref === undefined ? schema : (document.components.schemas[schemaName(schema.$ref)] ?? schema);
}

/** The address at which a service with the default settings listens. */
const EXAMPLE_ORIGIN = 'http://127.0.0.1:8000';

function curlOf({ method, path, operation }: OperationEntry, document: DocsDocument): string {
  const lines = [
    `curl${method === 'GET' ? '' : ` -X ${method}`} '${EXAMPLE_ORIGIN}${path.replace(/\{(\w+)\}/g, '<$1>')}'`,
  ];
  if (operation.security !== undefined) lines.push(`-H "Authorization: Bearer $ACKSTREAM_API_TOKEN"`);
  const body = operation.requestBody?.content['application/json']?.schema;
  if (body !== undefined) {
    const { properties = {}, required = [] } = resolved(body, document);
    const example = Object.fromEntries(required.map((name) => [name, properties[name]?.example]));
    lines.push(`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(example)}'`);
  }
  return lines.join(' \\\n  ');
}
