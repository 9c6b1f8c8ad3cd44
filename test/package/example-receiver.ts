import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { endWithThisProcess } from '../harness/end-with-this-process.ts';
import { findFreePort } from '../harness/free-port.ts';
import { until } from '../harness/until.ts';
import { projectRoot } from '../repo/project-files.ts';

/** One of examples/receivers. */
export interface ExampleLanguage {
  readonly name: string;
  readonly file: string;
  /** What runs it, as its head says. */
  readonly command: (port: number, databasePath: string) => readonly string[];
  readonly env?: (databasePath: string) => Readonly<Record<string, string>>;
  /** Whether its interpreter is on this machine, with what the receiver needs of it. */
  readonly isThere: boolean;
}

const { PHP_INI_SCAN_DIR } = process.env;
/** Where PHP looks for its extensions, where it is told. */
export const PHP_ENV = PHP_INI_SCAN_DIR === undefined ? {} : { PHP_INI_SCAN_DIR };

const runs = (command: string, ...args: readonly string[]) => spawnSync(command, args).status === 0;

/** The example receivers. */
export const EXAMPLE_LANGUAGES: readonly ExampleLanguage[] = [
  {
    name: 'TypeScript',
    file: 'receiver.ts',
    command: (port, databasePath) => [process.execPath, 'receiver.ts', String(port), databasePath],
    isThere: true,
  },
  {
    name: 'Python',
    file: 'receiver.py',
    command: (port, databasePath) => ['python3', 'receiver.py', String(port), databasePath],
    isThere: runs('python3', '--version'),
  },
  {
    name: 'PHP (with pdo_sqlite)',
    file: 'receiver.php',
    command: (port) => [
      'php',
      '-d',
      'post_max_size=72M',
      '-d',
      'memory_limit=512M',
      '-S',
      `127.0.0.1:${port}`,
      'receiver.php',
    ],
    env: (databasePath) => ({ ...PHP_ENV, RECEIVED_DB: databasePath }),
    // Distributions part its SQLite from it.
    isThere: runs('php', '-r', "new PDO('sqlite::memory:');"),
  },
];

/** What a receiver has stored of one ingestion. */
export interface Stored {
  readonly records: readonly string[];
  readonly chunks: number;
  readonly epoch: number;
  readonly isCompleted: boolean;
}

/** An example receiver in a process of its own, on one port and one database however often it is killed. */
export class ExampleReceiver {
  readonly url: string;
  readonly #language: ExampleLanguage;
  readonly #folder: string;
  readonly #port: number;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(language: ExampleLanguage, folder: string, port: number, env: Readonly<Record<string, string>>) {
    this.#language = language;
    this.#folder = folder;
    this.#port = port;
    this.#env = env;
    this.url = `http://127.0.0.1:${port}/`;
  }

  /** Starts one in `folder`, in which `ackstream/protocol` can be imported. It is killed when the test has finished. */
  static async start(
    language: ExampleLanguage,
    folder: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ExampleReceiver> {
    cpSync(join(projectRoot, 'examples', 'receivers', language.file), join(folder, language.file));
    const receiver = new ExampleReceiver(language, folder, await findFreePort(), env);
    onTestFinished(() => receiver.kill());
    await receiver.restart();
    return receiver;
  }

  get #databasePath(): string {
    return join(this.#folder, 'received.db');
  }

  /** Starts it again where it was killed, and waits until it listens. */
  async restart(): Promise<void> {
    const [command = '', ...args] = this.#language.command(this.#port, this.#databasePath);
    const env = { PATH: process.env.PATH ?? '', ...this.#language.env?.(this.#databasePath), ...this.#env };
    const child = spawn(command, args, { cwd: this.#folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    endWithThisProcess(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
      });
    }
    this.#child = child;
    // Until it listens: a request that is no delivery is answered.
    await until(
      () =>
        fetch(this.url).then(
          () => 'it listens',
          () => this.#said,
        ),
      (state) => state === 'it listens',
    );
  }

  /** `kill -9`, and waits until it is dead. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** What it has stored, read from its database; nothing where it has made none yet. */
  stored(ingestionId: string): Stored {
    if (!existsSync(this.#databasePath)) return { records: [], chunks: 0, epoch: 0, isCompleted: false };
    const database = new Database(this.#databasePath, { readonly: true });
    try {
      const records = database
        .prepare<[string], string>('SELECT record FROM records WHERE ingestion_id = ? ORDER BY position')
        .pluck()
        .all(ingestionId);
      const row = database
        .prepare<[string], { chunks: number; records: number; epoch: number; is_completed: number }>(
          'SELECT * FROM ingestions WHERE ingestion_id = ?',
        )
        .get(ingestionId);
      return { records, chunks: row?.chunks ?? 0, epoch: row?.epoch ?? 0, isCompleted: row?.is_completed === 1 };
    } finally {
      database.close();
    }
  }
}

/** Makes `ackstream/protocol` importable in `folder`, of the release that was unpacked in another. */
export function linkRelease(folder: string, releaseFolder: string): void {
  symlinkSync(join(releaseFolder, 'node_modules'), join(folder, 'node_modules'), 'junction');
}
