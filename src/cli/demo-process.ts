import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const projectRoot = join(import.meta.dirname, '..', '..');

/** A process of the demo, and where it listens. */
export interface DemoProcess {
  readonly url: string;
  readonly pid: number;
  /** Sends a signal and resolves when the process has ended, with its exit code or the signal that ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<string>;
}

/** Starts a script of this project as a process of its own and waits for the line in which it says where it listens. */
export async function startDemoProcess(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<DemoProcess> {
  const child = spawn(process.execPath, [join(projectRoot, script), ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // However the demo ends, even where it is interrupted: nothing of it goes on, or writes any more.
  process.prependOnceListener('exit', () => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
  const complaints = collect(child);
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([first]) => String(first)),
    ended.then(() => ''),
  ]);
  const url = /listens on (\S+)/.exec(line)?.[1];
  if (url === undefined || child.pid === undefined) throw new Error(`${script} did not start: ${complaints()}`);
  return {
    url,
    pid: child.pid,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** What a process says on standard error, for the case that it does not start. */
function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text = (text + part).slice(-4000);
  });
  return () => text;
}
