/** Every exit code that a command's help names is provoked. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import { type CommandName, commandEntries } from '../../src/cli/command-table.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { lockDataDirectory } from '../../src/state/data-directory-lock.ts';
import { writePythonState } from '../harness/python-state.ts';
import { startReceiver, type TestReceiver } from '../harness/receiver.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { recordedContext } from './command-fixtures.ts';

/** Where one command is run, with what comes before it. Codes are those of command lines without `ackstream`. */
interface Scene {
  readonly folder: string;
  readonly receiver: TestReceiver;
  run(line: string, changes?: Partial<CommandContext>): Promise<number>;
  /** As by Ctrl-C, as soon as it looks. */
  interrupt(line: string): Promise<number>;
  /** Until it listens; then interrupted. */
  runUntilItListens(line: string): Promise<number>;
  /** A file that was delivered. */
  deliver(): Promise<void>;
  /** A delivery by a service that the receiver keeps from its end. */
  deliverInVain(): Promise<void>;
}

async function setUp(): Promise<Scene> {
  const folder = tempFolder();
  writeFileSync(join(folder, 'products.json'), '[{"id":1},{"id":2}]');
  writeFileSync(join(folder, 'cut.json'), '[{"id":1},');
  const receiver = await startReceiver();
  const env = {
    ACKSTREAM_PORT: '0',
    ACKSTREAM_DATA_DIR: 'data',
    ACKSTREAM_LOG_DIR: 'logs',
    ACKSTREAM_RATE_LIMIT: '0',
    ACKSTREAM_LOG_LEVEL: 'error',
  };
  const run: Scene['run'] = (line, changes = {}) => {
    const { context } = recordedContext({ cwd: folder, env, ...changes });
    return runCommandLine(line.replace('RECEIVER', receiver.callbackUrl).split(' '), context);
  };
  return {
    folder,
    receiver,
    run,
    interrupt: (line) => run(line, { signal: AbortSignal.abort() }),
    runUntilItListens(line) {
      const stopping = new AbortController();
      return run(line, {
        signal: stopping.signal,
        write: (text) => {
          if (text.includes('listens on')) stopping.abort();
        },
      });
    },
    deliver: async () => expect(await run('ingest products.json --callback RECEIVER')).toBe(0),
    async deliverInVain() {
      await startService(folder);
      receiver.setFaults({ fault: 'status', status: 503 });
      expect(await run('ingest products.json --callback RECEIVER --no-wait')).toBe(0);
    },
  };
}

type Provocation = (scene: Scene) => Promise<number>;

const UNREACHABLE = '--url http://127.0.0.1:1';
const wrongUse = (name: string) => (scene: Scene) => scene.run(`${name} --no-such-option`);
/** After a delivery. */
const afterwards =
  (line: string): Provocation =>
  async (scene) => {
    await scene.deliver();
    return scene.run(line);
  };
/** While a service cannot deliver. */
const meanwhile =
  (line: string, how: 'run' | 'interrupt' = 'run'): Provocation =>
  async (scene) => {
    await scene.deliverInVain();
    return scene[how](line);
  };
const plainly =
  (line: string): Provocation =>
  (scene) =>
    scene.run(line);
const looksAt = (line: string): Record<0 | 2 | 3, Provocation> => ({
  0: afterwards(line),
  2: afterwards(line.replace('latest', 'none').replace('list', 'list --status lost')),
  3: plainly(`${line} ${UNREACHABLE}`),
});
const withSettings =
  (line: string, env: Readonly<Record<string, string>>): Provocation =>
  (scene) =>
    scene.run(line, { env });
const whileLocked =
  (line: string): Provocation =>
  (scene) => {
    const lock = lockDataDirectory(join(scene.folder, 'data'), { pid: process.pid, what: 'a test' });
    onTestFinished(() => lock.release());
    return scene.run(line);
  };

const PROVOCATIONS: Readonly<Record<CommandName, Readonly<Record<number, Provocation>>>> = {
  serve: {
    0: (scene) => scene.runUntilItListens('serve'),
    2: withSettings('serve', { ACKSTREAM_PORT: 'eighty' }),
    3: whileLocked('serve'),
  },
  ingest: {
    0: plainly('ingest products.json --callback RECEIVER'),
    1: plainly('ingest cut.json --callback RECEIVER'),
    2: plainly('ingest products.json'),
    3: plainly(`ingest products.json --callback RECEIVER ${UNREACHABLE}`),
    4: afterwards('ingest products.json --callback http://127.0.0.1:1/'),
    130: meanwhile('ingest products.json --callback RECEIVER', 'interrupt'),
  },
  're-ingest': {
    ...looksAt('re-ingest latest'),
    1: async (scene) => {
      await scene.deliver();
      writeFileSync(join(scene.folder, 'products.json'), '[{');
      return scene.run('re-ingest latest');
    },
    130: meanwhile('re-ingest latest', 'interrupt'),
  },
  preview: {
    0: plainly('preview products.json'),
    1: (scene) => {
      writeFileSync(join(scene.folder, 'products.json.gz'), 'not compressed');
      return scene.run('preview products.json.gz');
    },
    2: plainly('preview nowhere.json'),
    130: (scene) => scene.interrupt('preview products.json'),
  },
  generate: {
    0: plainly('generate --format json --records 1'),
    1: (scene) => {
      const full = new Writable({ write: (_bytes, _encoding, done) => done(new Error('no space left')) });
      return scene.run('generate --format json --records 1', { standardOutput: full });
    },
    2: plainly('generate --format yaml --records 1'),
    130: (scene) => scene.interrupt('generate --format json --records 1'),
  },
  list: {
    ...looksAt('list'),
    130: async (scene) => {
      await scene.deliver();
      return scene.interrupt('list --ids');
    },
  },
  status: {
    ...looksAt('status latest'),
    1: async (scene) => {
      await scene.run('ingest cut.json --callback RECEIVER');
      return scene.run('status latest --watch');
    },
    130: meanwhile('status latest --watch', 'interrupt'),
  },
  pause: {
    0: meanwhile('pause latest'),
    2: meanwhile('pause none'),
    3: plainly(`pause latest ${UNREACHABLE}`),
    4: afterwards('pause latest'),
  },
  resume: {
    0: afterwards('resume latest'),
    1: async (scene) => {
      await scene.run('ingest cut.json --callback RECEIVER');
      return scene.run('resume latest');
    },
    2: afterwards('resume none'),
    3: plainly(`resume latest ${UNREACHABLE}`),
    4: meanwhile('resume latest'),
    130: async (scene) => {
      await scene.deliver();
      scene.receiver.setFaults({ fault: 'status', status: 503 });
      return scene.interrupt('resume latest');
    },
  },
  cancel: {
    0: meanwhile('cancel latest'),
    2: meanwhile('cancel none'),
    3: plainly(`cancel latest ${UNREACHABLE}`),
    4: afterwards('cancel latest'),
  },
  delete: {
    0: afterwards('delete latest --yes'),
    1: async (scene) => {
      await scene.deliver();
      return scene.run('delete latest', { ask: () => Promise.resolve('n') });
    },
    2: afterwards('delete latest'),
    3: plainly(`delete latest --yes ${UNREACHABLE}`),
    4: meanwhile('delete latest --yes'),
    130: async (scene) => {
      await scene.deliver();
      return scene.run('delete latest', { ask: () => Promise.resolve(null), signal: AbortSignal.abort() });
    },
  },
  verify: {
    ...looksAt('verify latest'),
    1: async (scene) => {
      await scene.deliver();
      writeFileSync(join(scene.folder, 'products.json'), '[{"id":1},{"id":3}]');
      return scene.run('verify latest');
    },
    130: async (scene) => {
      await scene.deliver();
      return scene.interrupt('verify latest');
    },
  },
  chunks: {
    ...looksAt('chunks latest'),
    130: async (scene) => {
      await scene.deliver();
      return scene.interrupt('chunks latest --json');
    },
  },
  chunk: {
    ...looksAt('chunk latest 0'),
    4: async (scene) => {
      await scene.deliver();
      writeFileSync(join(scene.folder, 'products.json'), '[{"id":1},{"id":3}]');
      return scene.run('chunk latest 0');
    },
    130: async (scene) => {
      await scene.deliver();
      return scene.interrupt('chunk latest 0');
    },
  },
  rejects: {
    ...looksAt('rejects latest'),
    130: async (scene) => {
      await scene.deliver();
      return scene.interrupt('rejects latest --json');
    },
  },
  circuits: {
    0: meanwhile('circuits'),
    2: wrongUse('circuits'),
    3: plainly('circuits'),
  },
  receiver: {
    0: (scene) => scene.runUntilItListens('receiver --port 0'),
    1: (scene) => scene.run(`receiver --port ${new URL(scene.receiver.origin).port}`),
    2: plainly('receiver --fault stauts'),
  },
  doctor: {
    0: plainly('doctor'),
    1: withSettings('doctor', { ACKSTREAM_PORT: 'eighty' }),
    2: wrongUse('doctor'),
  },
  config: { 0: plainly('config'), 2: withSettings('config', { ACKSTREAM_PORT: 'eighty' }) },
  backup: {
    0: afterwards('backup copy.db'),
    1: async (scene) => {
      await scene.deliver();
      truncateSync(join(scene.folder, 'data', 'ackstream.db'), 20_000);
      return scene.run('backup copy.db');
    },
    2: afterwards('backup products.json'),
    3: plainly('backup copy.db'),
  },
  import: {
    0: (scene) => {
      writePythonState(join(scene.folder, 'python.db'), []);
      mkdirSync(join(scene.folder, 'data'));
      return scene.run('import python.db');
    },
    2: plainly('import nowhere.db'),
    3: (scene) => {
      writePythonState(join(scene.folder, 'python.db'), []);
      return whileLocked('import python.db')(scene);
    },
  },
  'token create': {
    0: plainly('token create --name pim --scope read'),
    2: plainly('token create --name pim --scope everything'),
  },
  'token list': {
    0: plainly('token list'),
    2: (scene) => {
      mkdirSync(join(scene.folder, 'data'));
      writeFileSync(join(scene.folder, 'data', 'tokens.json'), 'no JSON', { mode: 0o600 });
      return scene.run('token list');
    },
  },
  'token revoke': {
    0: async (scene) => {
      expect(await scene.run('token create --name pim --scope read')).toBe(0);
      return scene.run('token revoke pim');
    },
    2: plainly('token revoke pim'),
  },
  completion: { 0: plainly('completion bash'), 2: plainly('completion tcsh') },
};

const cases = commandEntries().flatMap(([name, { exits }]) =>
  Object.entries(exits).map(([code, meaning]) => [name, Number(code), meaning] as const),
);

it.each(cases)('ackstream %s exits with %i: %s', async (name, code) => {
  const provocation = PROVOCATIONS[name][code];
  expect(await provocation?.(await setUp())).toBe(code);
});

it('no other codes are provoked', () => {
  const provoked = Object.entries(PROVOCATIONS).flatMap(([name, codes]) =>
    Object.keys(codes).map((code) => `${name} ${code}`),
  );
  expect(provoked.toSorted()).toEqual(cases.map(([name, code]) => `${name} ${code}`).toSorted());
});
