import { ServiceError } from '../src/errors.ts';
import { listenFailure } from '../src/model/listen-failure.ts';
import { attemptLine, verdictLine } from './attempt-lines.ts';
import { parseCommandLine, type ReceiverCommand, USAGE } from './command-line.ts';
import { createReceiver, type Receiver } from './receiver.ts';
import { reportOn } from './report.ts';

/** What the command needs of its process. */
export interface CommandIo {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Ends the receiver when it is aborted. */
  readonly signal: AbortSignal;
}

const EXIT_DONE = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const CANNOT_LISTEN = 'The receiver cannot listen. Correct the option named, or end what is there.';

/** What the receiver's own command does: reads its flags, and runs a receiver until the signal is aborted; gives back the exit code. */
export async function runReceiverCommand(args: readonly string[], io: CommandIo): Promise<number> {
  let command: ReceiverCommand | null;
  try {
    command = parseCommandLine(args);
  } catch (error) {
    io.writeError(`${problemText(error)}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (command !== null) return runReceiver(command, io);
  io.write(USAGE);
  return EXIT_DONE;
}

/** Runs a receiver until the signal is aborted; gives back the exit code. */
export async function runReceiver(command: ReceiverCommand, io: CommandIo): Promise<number> {
  const receiver = createPrintingReceiver(command, io);
  try {
    const origin = await startListening(receiver, command);
    io.write(`mock receiver listens on ${origin}/callback\n`);
    await aborted(io.signal);
    return EXIT_DONE;
  } catch (error) {
    io.writeError(`${problemText(error)}\n`);
    return EXIT_FAILED;
  } finally {
    await receiver.stop();
  }
}

async function startListening(receiver: Receiver, { host, port }: ReceiverCommand): Promise<string> {
  try {
    return await receiver.start(port, host);
  } catch (cause) {
    const field = listenFailure(cause, { host, port, names: { host: '--host', port: '--port' } });
    throw new ServiceError('COMMAND_INVALID', { detail: CANNOT_LISTEN, fields: [field], cause });
  }
}

function createPrintingReceiver(command: ReceiverCommand, io: CommandIo) {
  const { isQuiet, isJson } = command;
  const receiver = createReceiver({
    ...command.receiver,
    onAttempt(event) {
      if (isQuiet) return;
      io.write(`${isJson ? JSON.stringify({ event: 'attempt', ...event }) : attemptLine(event)}\n`);
      if (event.subject !== 'completed' || event.answer === null || event.ingestionId === null) return;
      const report = reportOn(receiver.store, event.ingestionId);
      io.write(`${isJson ? JSON.stringify({ event: 'verdict', ...report }) : verdictLine(report)}\n`);
    },
  });
  return receiver;
}

function problemText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const fields = error instanceof ServiceError ? (error.fields ?? []) : [];
  return [error.message, ...fields.map(({ field, message }) => `  ${field} ${message}`)].join('\n');
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
