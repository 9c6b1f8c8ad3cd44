import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWithThisProcess } from './end-with-this-process.ts';

const MAIN = join(import.meta.dirname, '../../mock-receiver/main.ts');

/** The receiver as a process that was started and listens. */
export interface ReceiverProcess {
  readonly child: ChildProcess;
  readonly callbackUrl: string;
  /** The lines printed so far. */
  readonly lines: readonly string[];
  /** The first line that is accepted, printed already or to come. Rejects when the output ends without one. */
  nextLine(accept: (line: string) => boolean): Promise<string>;
}

/** Starts the receiver's command and waits until it listens. It never outlives this process. */
export async function launchReceiver(...args: readonly string[]): Promise<ReceiverProcess> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  endWithThisProcess(child);
  const output = createInterface({ input: child.stdout });
  const lines: string[] = [];
  output.on('line', (line) => lines.push(line));
  const ended = once(output, 'close');
  const nextLine = async (accept: (line: string) => boolean): Promise<string> => {
    for (;;) {
      const found = lines.find(accept);
      if (found !== undefined) return found;
      const isEnd = await Promise.race([once(output, 'line').then(() => false), ended.then(() => true)]);
      if (isEnd) throw new Error(`the receiver ended; it printed: ${lines.join(' | ')}`);
    }
  };
  const first = await nextLine(() => true);
  return { child, callbackUrl: first.slice(first.indexOf('http')), lines, nextLine };
}

/** Kills a receiver and waits until it has ended. */
export async function killReceiver({ child }: ReceiverProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
