/** Every command of README.md and docs/ is run, in the order in which it stands there, with real services and receivers: see page-walk.ts. What is not run is listed, with its reason, in not-run.ts. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandEntries } from '../../src/cli/command-table.ts';
import { type PythonStateRow, writePythonState } from '../harness/python-state.ts';
import { EXAMPLE_LANGUAGES } from '../package/example-receiver.ts';
import { readProjectFile, readProjectFiles } from '../repo/project-files.ts';
import { NOT_RUN } from './not-run.ts';
import { PageWalk } from './page-walk.ts';
import { createPageWorld, type PageWorld } from './page-world.ts';
import { readFences, readPage } from './read-page.ts';

const TIMEOUT_MS = 240_000;
const FEWEST_COMMANDS = 100;

/** What a page's reader has already, as commands, where that is more than a fresh clone. */
interface Beginning {
  readonly world?: 'empty';
  readonly commands?: string;
  readonly prepare?: (world: PageWorld) => void;
}

const FEEDS_AT_SERVICE = [
  'mkdir /srv/feeds',
  'cp fixtures/demo/products.json /srv/feeds',
  'ACKSTREAM_SOURCE_ROOTS=/srv/feeds npm start',
  'npm run mock-receiver -- --port 9000',
].join('\n');
/** As many as docs/upgrade.md shows. */
const PYTHON_STATE: readonly PythonStateRow[] = Array.from({ length: 215 }, (_, index) => ({
  id: index.toString(16).padStart(64, '0'),
  lastChunk: 3,
  records: 2000,
  status: index < 212 ? 'COMPLETED' : 'IN_PROGRESS',
}));
const leavePythonState = ({ localize }: PageWorld) => {
  const folder = localize('/srv/old/app/ingestion_state_data');
  mkdirSync(folder, { recursive: true });
  writePythonState(join(folder, 'ingestion_state.db'), PYTHON_STATE);
};

const BEGINNINGS: Readonly<Record<string, Beginning>> = {
  'docs/api.md': { commands: FEEDS_AT_SERVICE },
  'docs/back-up.md': {
    world: 'empty',
    commands: `ackstream serve
ackstream receiver --port 9000
ackstream generate --format json --records 100 --out early.json
ackstream generate --format json --records 100 --out products.json
ackstream ingest early.json --callback http://127.0.0.1:9000/callback`,
  },
  'docs/cli.md': { world: 'empty', prepare: ({ folder }) => writePythonState(join(folder, 'ingestion_state.db'), []) },
  'docs/deploy.md': { commands: FEEDS_AT_SERVICE },
  'docs/stuck-delivery.md': {
    world: 'empty',
    commands: `ackstream serve
ackstream receiver --port 9000
ackstream generate --format json --records 2000 --out products.json
curl -s -X PUT http://127.0.0.1:9000/faults -d '[{"fault": "status", "status": 503, "body": "maintenance until 3 am", "chunk": 3, "times": 3}]'
ackstream ingest products.json --callback http://127.0.0.1:9000/callback --chunk-records 100 --no-wait`,
  },
  'docs/upgrade.md': { world: 'empty', prepare: leavePythonState },
  'docs/write-a-receiver.md': { commands: 'cp examples/receivers/* .' },
};

const pages = readProjectFiles('', /^(?:README|docs\/.*)\.md$/);
const commandsOf = (text: string) => readPage(text).flatMap((step) => (step.kind === 'type' ? step.commands : []));
const missing = EXAMPLE_LANGUAGES.filter(({ isThere }) => !isThere).map(({ name }) => name);
if (missing.length > 0) console.log(`documentation: no interpreter here for ${missing.join(', ')}: not walked`);

describe('a reader who does what the page says', () => {
  const walked = pages.filter(({ text }) => commandsOf(text).length > 0).map(({ path }) => path);

  it.each(walked)('gets what %s says', { timeout: TIMEOUT_MS }, async (path) => {
    const { world: kind, commands, prepare } = BEGINNINGS[path] ?? {};
    const world = await createPageWorld(kind ?? 'clone');
    prepare?.(world);
    const walk = new PageWalk(world);
    if (commands !== undefined) await walk.follow(`\`\`\`sh\n${commands}\n\`\`\`\n`);
    await walk.follow(readProjectFile(path));
  });
});

describe('the pages', () => {
  it('have each command that is said not to be run', () => {
    const texts = pages.flatMap(({ text }) => commandsOf(text).map((command) => command.text));
    const stale = NOT_RUN.filter(({ pattern }) => !texts.some((text) => pattern.test(text)));
    expect(stale.map(({ pattern }) => pattern.source)).toEqual([]);
  });

  it('hide no command from the walk', () => {
    expect(pages.flatMap(({ text }) => commandsOf(text)).length).toBeGreaterThan(FEWEST_COMMANDS);
    const names = commandEntries().map(([name]) => name);
    const COMMAND = new RegExp(
      `^(?:\\$|curl|docker|kubectl|node|npm|php|python3|ackstream (?:${names.join('|')})) `,
      'm',
    );
    const hidden = pages.flatMap(({ path, text }) =>
      readFences(text).flatMap(({ language, code }) =>
        language === '' || (language === 'text' && COMMAND.test(code)) ? [`${path}: ${language} ${code}`] : [],
      ),
    );
    expect(hidden).toEqual([]);
  });

  it('have examples that are JSON, where they say so', () => {
    for (const { path, text } of pages) {
      for (const { language, code } of readFences(text)) {
        if (language === 'json')
          expect(() => JSON.parse(code.replaceAll('[…]', '[]')), `${path}\n${code}`).not.toThrow();
      }
    }
  });
});
