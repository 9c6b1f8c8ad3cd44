/** Every example of a command's help is run as it stands: in a folder with feeds, beside a service and a receiver. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CommandName, commandEntries } from '../../src/cli/command-table.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { writePythonState } from '../harness/python-state.ts';
import { startReceiver } from '../harness/receiver.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { recordedContext } from './command-fixtures.ts';

/** One `ackstream` of a line: what stands before it, its words, and what takes its output. */
const COMMAND = /(?:([A-Z_]+)=(\S+) )?ackstream ([^|>)]+)/g;

async function setUp() {
  const folder = tempFolder();
  const receiver = await startReceiver();
  mkdirSync(join(folder, 'feeds'));
  for (const name of ['products', 'feeds/a', 'feeds/b'])
    writeFileSync(join(folder, `${name}.csv`), 'id;name\n1;a\n2;b\n');
  writeFileSync(join(folder, 'products.json'), '[{"id":1},{"id":2}]');
  writeFileSync(join(folder, 'cut.json'), '[{"id":1},');
  writeFileSync(join(folder, 'delivery.json'), '{"callback_headers": {"X-Shop": "a"}, "number_form": "exact"}');
  writePythonState(join(folder, 'ingestion_state.db'), []);
  const run = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const stopping = new AbortController();
    const settings = {
      ACKSTREAM_PORT: '0',
      ACKSTREAM_DATA_DIR: 'data',
      ACKSTREAM_LOG_DIR: 'logs',
      ACKSTREAM_RATE_LIMIT: '0',
      ACKSTREAM_LOG_LEVEL: 'error',
    };
    const { context, written } = recordedContext({
      cwd: folder,
      env: { ...settings, ...env },
      signal: stopping.signal,
    });
    const write = (text: string) => {
      context.write(text);
      if (written.out.includes('listens on')) stopping.abort();
    };
    const code = await runCommandLine(words, { ...context, write });
    return { code, error: written.error, out: written.out };
  };
  const ingest = (file: string, ...more: readonly string[]) =>
    run(['ingest', file, '--callback', receiver.callbackUrl, '--re-ingest', ...more]);
  return { folder, receiver, run, ingest };
}

type Scene = Awaited<ReturnType<typeof setUp>>;

const delivered = async ({ ingest }: Scene) => void (await ingest('products.json'));
const underWay = async ({ receiver, ingest }: Scene) => {
  receiver.setFaults({ fault: 'status', status: 503 });
  await ingest('products.json', '--no-wait');
};

/** What must have happened before the examples of a command, beside a delivery. */
const BEFORE: Partial<Record<CommandName, (scene: Scene) => Promise<void>>> = {
  pause: underWay,
  cancel: underWay,
  list: async ({ ingest }) => void (await ingest('cut.json')),
  generate: async ({ folder }) => rmSync(join(folder, 'products.json')),
  'token revoke': async ({ run }) => void (await run(['token', 'create', '--name', 'pim', '--scope', 'admin'])),
};
/** What cannot be had beside a service, or would lock the other examples out. */
const HAS_ITS_OWN_FOLDER: ReadonlySet<CommandName> = new Set([
  'serve',
  'import',
  'token create',
  'token list',
  'token revoke',
]);

it.each(commandEntries().map(([name, { examples }]) => [name, examples] as const))('%s', async (name, examples) => {
  const scene = await setUp();
  if (!HAS_ITS_OWN_FOLDER.has(name)) await startService(scene.folder);
  else mkdirSync(join(scene.folder, 'data'));
  if (!HAS_ITS_OWN_FOLDER.has(name)) await delivered(scene);
  await BEFORE[name]?.(scene);
  const [, id = ''] = (await scene.run(['list', '--json'])).out.match(/"ingestion_id":"([0-9a-f]{64})"/) ?? [];
  for (const { line } of examples) {
    let piped: readonly string[] = [];
    for (const [, variable, value = '', text = ''] of line.matchAll(COMMAND)) {
      const words = wordsOf(withFreePort(text)).map((word) =>
        word
          .replace(
            /^(?:http:\/\/127\.0\.0\.1:9000\/callback|https:\/\/shop\.example\/feed)$/,
            scene.receiver.callbackUrl,
          )
          .replace(/^9d0c4e$/, id.slice(0, 12)),
      );
      // Behind `xargs -r -n 1`: once for each line of what is before.
      for (const last of piped.length === 0 ? [[]] : piped.map((word) => [word])) {
        const { code, error, out } = await scene.run(
          [...words, ...last],
          variable === undefined ? {} : { [variable]: value },
        );
        expect({ line, code, error }).toEqual({ line, code: 0, error: expect.not.stringMatching(/^[A-Z_]+: /) });
        piped = out.trimEnd().split('\n');
      }
    }
  }
});

/** A receiver listens on a port that nobody else has: tests run side by side, and the port that it has by default is one. */
function withFreePort(text: string): string {
  return /^receiver\b/.test(text) ? `${text.replace(/ --port \d+/, '')} --port 0` : text;
}

/** As a shell has them. */
function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(([word, double, single]) => double ?? single ?? word);
}
