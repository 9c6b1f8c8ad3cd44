import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const projectRoot = join(import.meta.dirname, '..');

/** A process of the benchmark that listens somewhere. */
export interface ListeningProcess {
  readonly url: string;
  /** Highest resident memory so far, all threads together, bytes. Null where the system does not tell (only Linux does). */
  peakMemoryBytes(): number | null;
  stop(): Promise<void>;
}

/** Starts a script of this project under this Node and waits for the line that says where it listens. */
export async function startListening(
  script: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ListeningProcess> {
  const child: ChildProcess = spawn(process.execPath, [join(projectRoot, script), ...args], {
    // As its launcher starts it (bin/with-node.js), and nothing else of this environment.
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (child.stdout === null) throw new Error(`no standard output of ${script}`);
  const exited = once(child, 'exit');
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), exited]);
  const url = /listens on (\S+)/.exec(String(line))?.[1];
  if (url === undefined) throw new Error(`${script} does not listen, it ended or said: ${line}`);
  return {
    url,
    peakMemoryBytes() {
      if (process.platform !== 'linux') return null;
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
