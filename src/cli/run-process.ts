import { createInterface } from 'node:readline';
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { armCrashPoint } from '../crash-point.ts';
import { systemClock } from '../system-clock.ts';
import { EXIT_FAILED } from './command.ts';
import { runCommandLine } from './run-command-line.ts';
import { wantsColour } from './status-colour.ts';
import { terminalColumns } from './terminal-columns.ts';

/**
 * Runs a command line as this process: its streams, signals and exit code.
 * @param env that of the process itself, which is also how Node is told things
 */
export async function runProcess(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  armCrashPoint(env.ACKSTREAM_CRASH_AT);
  keepYoungSpaceConstant();
  env.UV_THREADPOOL_SIZE ??= String(POOL_THREADS);
  const signal = interruption();
  process.exitCode = await runCommandLine(args, {
    env,
    cwd: process.cwd(),
    write: (written) => process.stdout.write(written),
    standardOutput: process.stdout,
    // At an interruption it is let go, or it would keep the process alive until its end.
    readStandardInput: () => text(addAbortSignal(signal, process.stdin)),
    writeError: (written) => process.stderr.write(written),
    terminalColumns: () => terminalColumns(env, process.stdout),
    hasColour: wantsColour(env, process.stdout.isTTY),
    isErrorTerminal: process.stderr.isTTY,
    ask: process.stdin.isTTY && process.stderr.isTTY ? (question) => ask(question, signal) : null,
    signal,
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

/** Reads only when it asks. Not by the terminal's own editing, which would take Ctrl-C for itself. */
async function ask(question: string, signal: AbortSignal): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, signal });
  process.stderr.write(question);
  try {
    for await (const line of lines) return line;
    process.stderr.write('\n');
    return null;
  } finally {
    lines.close();
  }
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  // A supervisor signals the whole group and launchers pass it on, so that one SIGTERM arrives several times. A second Ctrl-C is a person's who
  // does not want to wait: it ends the process as it always does.
  process.on('SIGTERM', interrupt);
  process.once('SIGINT', interrupt);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const isFirst = !controller.signal.aborted;
    interrupt();
    // Whoever read the output has gone, as in `ackstream … | head`: nobody waits any more. All else is output that somebody misses.
    if (error.code !== 'EPIPE' && isFirst) reportLostOutput(error);
  });
  // What cannot be told is done all the same.
  process.stderr.on('error', () => {});
  return controller.signal;
}

/** Whatever the command says of itself: what it printed is not where it belongs. */
function reportLostOutput({ message }: Error): void {
  process.stderr.write(`Standard output cannot be written: ${message}\n`);
  process.once('exit', () => {
    process.exitCode = EXIT_FAILED;
  });
}
