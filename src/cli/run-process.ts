import { setFlagsFromString } from 'node:v8';
import { armCrashPoint } from '../crash-point.ts';
import { systemClock } from '../system-clock.ts';
import { runCommandLine } from './run-command-line.ts';
import { wantsColour } from './status-colour.ts';

/**
 * Runs a command line as this process: its streams, signals and exit code.
 * @param env that of the process itself, which is also how Node is told things
 */
export async function runProcess(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  armCrashPoint(env.ACKSTREAM_CRASH_AT);
  keepYoungSpaceConstant();
  env.UV_THREADPOOL_SIZE ??= String(POOL_THREADS);
  process.exitCode = await runCommandLine(args, {
    env,
    cwd: process.cwd(),
    write: (text) => process.stdout.write(text),
    standardOutput: process.stdout,
    writeError: (text) => process.stderr.write(text),
    terminalColumns: () => (process.stdout.isTTY ? process.stdout.columns : null),
    hasColour: wantsColour(env, process.stdout.isTTY),
    isErrorTerminal: process.stderr.isTTY,
    signal: interruption(),
    clock: systemClock,
  });
}

/**
 * Threads for files and names, of which names get half. With Node's four, two names whose servers are silent would hold up all others. Node reads the setting when the first
 * of them begins.
 */
const POOL_THREADS = 8;

/** MiB. Smaller ones are collected so often that objects survive which are garbage a moment later: a tenth of the reading thread's time. */
const YOUNG_SPACE_SIZE = 16;

/**
 * Gives the young objects of each thread a space of one size. V8 begins with a small one and doubles it whenever enough of them survive, which in a process
 * that runs for long adds tens of megabytes of garbage per thread at some time or other and nothing to the speed: what is large here is not made anew.
 */
function keepYoungSpaceConstant(): void {
  setFlagsFromString(`--min-semi-space-size=${YOUNG_SPACE_SIZE}`);
  setFlagsFromString('--semi-space-growth-factor=1');
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  // A supervisor signals the whole group and launchers pass it on, so that one SIGTERM arrives several times. A second Ctrl-C is a person's who
  // does not want to wait: it ends the process as it always does.
  process.on('SIGTERM', interrupt);
  process.once('SIGINT', interrupt);
  // Whoever read the output has gone, as in `ackstream … | head`: nobody waits any more.
  process.stdout.on('error', interrupt);
  return controller.signal;
}
