import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { until } from '../harness/until.ts';

const DEADLINE_MS = 60_000;

/** A shell that shows what is typed into it does, on standard output and error alike. */
export class Terminal {
  readonly #cwd: string;
  readonly #env: Readonly<Record<string, string>>;
  #shell: ChildProcessWithoutNullStreams | undefined;
  #shown = '';
  #typedCount = 0;

  /** Its processes are ended when the test has finished. */
  constructor(cwd: string, env: Readonly<Record<string, string>>) {
    this.#cwd = cwd;
    this.#env = env;
    onTestFinished(() => this.interrupt('SIGKILL'));
  }

  /** What it has shown since it was last typed into. */
  get shown(): string {
    return this.#shown;
  }

  /** Types without waiting for an end: what is started may run on. */
  start(code: string): void {
    this.#shown = '';
    this.#open().stdin.write(`${code}\n`);
  }

  /** Types, waits for the end, and gives back the exit code. */
  async run(code: string): Promise<number> {
    this.#typedCount += 1;
    const mark = `<ended ${this.#typedCount}: `;
    // A line feed first: not all output ends with one.
    this.start(`${code}\nprintf '\\n${mark}%s>\\n' $?`);
    const ended = new RegExp(`^${mark}(\\d+)>$`, 'm');
    const shown = await until(
      () => this.#shown,
      (text) => ended.test(text),
      DEADLINE_MS,
    );
    this.#shown = shown.replace(ended, '');
    return Number(ended.exec(shown)?.[1]);
  }

  /** Waits until it shows something. */
  async untilShown(accept: (shown: string) => boolean): Promise<void> {
    await until(() => this.#shown, accept, DEADLINE_MS);
  }

  /** Ctrl-C: all that runs in it gets the signal. */
  async interrupt(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    const shell = this.#shell;
    this.#shell = undefined;
    if (shell?.pid === undefined || shell.exitCode !== null || shell.signalCode !== null) return;
    const closed = once(shell, 'close');
    process.kill(-shell.pid, signal);
    await closed;
  }

  #open(): ChildProcessWithoutNullStreams {
    if (this.#shell !== undefined) return this.#shell;
    // With a process group of its own, a signal reaches what the shell has started, as that of a terminal does.
    const shell = spawn('sh', [], { cwd: this.#cwd, env: this.#env, detached: true });
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#shown += text;
      });
    }
    this.#shell = shell;
    return shell;
  }
}
