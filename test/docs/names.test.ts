/** What the pages name in code exists: settings, error codes, metrics, log events, scripts, commands with their options, paths of the API. */
import { describe, expect, it } from 'vitest';
import { COMMAND_GROUPS, commandEntries } from '../../src/cli/command-table.ts';
import { LOG_EVENTS } from '../../src/model/logger.ts';
import { setScene } from '../harness/scene.ts';
import { readProjectFile, readProjectFiles } from '../repo/project-files.ts';
import { readFences } from './read-page.ts';

const pages = readProjectFiles('', /^(?:README|SECURITY|docs\/(?!cli-reference).*)\.md$/);
/** All that has names of its own. */
const code = ['src', 'mock-receiver', 'examples', 'test/state']
  .flatMap((folder) => readProjectFiles(folder, /\.(?:js|php|py|ts)$/))
  .map(({ text }) => text)
  .join('\n');
const manifest = JSON.parse(readProjectFile('package.json')) as { readonly version: string; readonly scripts: object };
/** Of the environment, and a receiver's made-up word. */
const NAMES_OF_OTHERS = new Set(['HTTP_PROXY', 'CATALOGUE_CLOSED']);
/** Of the reference receiver; the walk of docs/mock-receiver.md asks it. */
const REQUESTS_TO_RECEIVER = ['POST /callback', 'GET /report', 'GET /faults', 'PUT /faults', 'DELETE /state'].concat(
  ['report', 'records', 'attempts'].map((name) => `GET /${name}/{}`),
);
const COMMAND_LINE =
  /^(?:\w+=\S+ )*(?:npm run ackstream --|node bin\/ackstream\.js|ackstream) (?!listens\b|<)([a-z-]+(?: (?:create|list|revoke))?)(?![^ ])([^|#;)]*)/;

/** What a page shows as code, but for programs and JSON. */
function codeOf(markdown: string): string[] {
  const spans = Array.from(
    markdown.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/`([^`]+)`/g),
    ([, span = '']) => span,
  );
  const blocks = readFences(markdown).filter(({ language }) => language === 'sh');
  return [...spans, ...blocks.flatMap(({ code: text }) => text.replaceAll('\\\n', ' ').split('\n'))];
}

const named = pages.flatMap(({ path, text }) => codeOf(text).map((span) => ({ path, span })));
/** What a pattern finds in all that is named, once each. */
const found = (pattern: RegExp) =>
  new Set(named.flatMap(({ span }) => Array.from(span.matchAll(pattern), ([whole, group]) => group ?? whole)));

describe('the pages name only what exists', () => {
  it('of codes and settings', () => {
    const names = [...found(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g)];
    expect(names.length).toBeGreaterThan(80);
    expect(names.filter((name) => !NAMES_OF_OTHERS.has(name) && !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
  });

  it('of metrics', () => {
    const names = [...found(/\backstream_[a-z_]+\b/g)];
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });

  it('of events in the log', () => {
    const prefixes = new Set(Object.keys(LOG_EVENTS).map((event) => event.split('.')[0]));
    const names = [...found(/^[a-z_]+\.[a-z_]+$/g)].filter((name) => prefixes.has(name.split('.')[0]));
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !(name in LOG_EVENTS) && !name.endsWith('.key'))).toEqual([]);
  });

  it('of requests', async () => {
    const { service } = await setScene({ recordCount: 0 });
    const { body } = await service.api.callForText('GET', '/openapi.json');
    const { paths } = JSON.parse(body) as { readonly paths: Readonly<Record<string, object>> };
    const withoutNames = (request: string) => request.replaceAll(/[{<]\w+[>}]/g, '{}');
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => withoutNames(`${method.toUpperCase()} ${path}`)),
    );
    const requests = [...found(/^(?:GET|POST|PUT|DELETE) \/[^\s?]*/g)].map(withoutNames);
    expect(requests.length).toBeGreaterThan(20);
    const known = new Set([...operations, ...REQUESTS_TO_RECEIVER]);
    expect(requests.filter((request) => !known.has(request))).toEqual([]);
  });

  it('of tarballs', () => {
    const names = [...found(/\backstream-\d\S*\.tgz\b/g)];
    expect(names).toEqual([`ackstream-${manifest.version}.tgz`]);
  });

  it('of scripts', () => {
    const names = [...found(/\bnpm run ([\w:-]+)/g)];
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it('of commands and their options', () => {
    const specs = new Map<string, readonly string[]>(
      commandEntries().map(([name, { options }]) => [name, options.map(({ flags }) => flags.split(' ')[0] ?? '')]),
    );
    const lines = named.flatMap(({ path, span }) => {
      const [, command, rest = ''] = COMMAND_LINE.exec(span.replaceAll('\n', ' ')) ?? [];
      return command === undefined || command in COMMAND_GROUPS || command.startsWith('-')
        ? []
        : [{ path, command, rest }];
    });
    expect(lines.length).toBeGreaterThan(60);
    const unknown = lines.filter(({ command, rest }) => {
      const options = specs.get(command);
      const used = rest.match(/(?<=\s)--[a-z-]+/g) ?? [];
      return options === undefined || used.some((option) => option !== '--help' && !options.includes(option));
    });
    expect(unknown).toEqual([]);
  });

  it('of files', () => {
    const paths = [
      ...found(/(?<![\w/.<>-])(?:deploy|docs|examples|src|test|fixtures|mock-receiver|bench|bin)\/[\w./-]*\w/g),
    ];
    const files = new Set(
      readProjectFiles('', /./).flatMap(({ path }) =>
        path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/')),
      ),
    );
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !files.has(path))).toEqual([]);
  });
});
