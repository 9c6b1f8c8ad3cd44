/** The `ackstream` command as a process: arguments, streams, signals, exit code. */
import { armCrashPoint } from '../crash-point.ts';
import { systemClock } from '../system-clock.ts';
import { runCommandLine } from './run-command-line.ts';

armCrashPoint(process.env.ACKSTREAM_CRASH_AT);

const interruption = new AbortController();
// Once: the first asks, a second of the same kind ends the process as it always does.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
// Whoever read the output has gone, as in `ackstream … | head`: nobody waits any more.
process.stdout.on('error', () => interruption.abort());

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  terminalColumns: () => (process.stdout.isTTY ? process.stdout.columns : null),
  signal: interruption.signal,
  clock: systemClock,
});
