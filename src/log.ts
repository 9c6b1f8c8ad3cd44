import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { destination, type Level, multistream, pino, type StreamEntry, stdTimeFunctions } from 'pino';
import pinoPretty from 'pino-pretty';
import pinoRoll from 'pino-roll';
import { ServiceError } from './errors.ts';
import { LOG_EVENTS, type LogEvent, type LogFields, type Logger } from './model/logger.ts';
import { redactUrl } from './model/redact-url.ts';

/** A folder below the log folder for each: `debug` holds everything, `info` and `error` what is at least that. */
const FILE_LEVELS = ['debug', 'info', 'error'] as const;
/** Per folder: 50 MiB in all, the oldest is dropped. */
const MAX_FILES = 10;
const MAX_FILE_SIZE = '5m';
/** A value is cut here: a receiver's answer may be long, a log line shall not. */
const MAX_VALUE_BYTES = 2048;
/** What waits in memory for a disk that is full, per file; what is logged beyond it is lost. */
const MAX_WAITING_BYTES = 1 << 20;
/** Names of files and receivers' words stand in a log: nobody but the owner of the process reads it. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Nothing is logged under these names; this is for the mistake that would. */
const SECRET_NAMES = ['authorization', 'callback_headers', 'callback_secret', 'secret', 'token'];
const STDERR = 2;

/** Where logs go. */
export interface LogOptions {
  readonly logDir: string;
  /** What standard error shows: text for people, the JSON lines, or nothing. */
  readonly terminal: 'pretty' | 'json' | 'off';
  /** The least that standard error shows. */
  readonly level: Level;
}

/** A {@link Logger} that owns its files. */
export interface ServiceLogger extends Logger {
  /** Resolves when the files are closed; what is logged afterwards is dropped. */
  close(): Promise<void>;
}

type RollingFile = Awaited<ReturnType<typeof pinoRoll>>;

/**
 * Logs as one JSON object per line, in rotating files and on the terminal. Written synchronously, on this thread: a worker, or a buffer, would lose
 * the last lines before a crash, which are the ones that matter; at a few lines per chunk it costs microseconds.
 * @throws CONFIG_INVALID where the folder cannot be written.
 */
export async function createLogger(options: LogOptions): Promise<ServiceLogger> {
  const files = await openFiles(options.logDir);
  const streams: StreamEntry[] = [...files];
  if (options.terminal !== 'off') streams.push({ level: options.level, stream: terminalStream(options.terminal) });
  const sink = pino(
    {
      level: 'debug',
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_NAMES, censor: '…' },
    },
    multistream(streams),
  );

  let isClosed = false;
  const write = (level: Level, event: LogEvent, fields: LogFields = {}): void => {
    if (!isClosed) sink[level]({ event, ...loggable(fields) }, LOG_EVENTS[event]);
  };
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
    async close() {
      if (isClosed) return;
      isClosed = true;
      await Promise.all(files.map(({ stream }) => closeFile(stream)));
    },
  };
}

async function openFiles(logDir: string): Promise<readonly { readonly level: Level; readonly stream: RollingFile }[]> {
  try {
    return await Promise.all(
      FILE_LEVELS.map(async (level) => {
        const folder = join(logDir, level);
        makePrivate(folder);
        const stream = await pinoRoll({
          file: join(folder, `${level}.log`),
          size: MAX_FILE_SIZE,
          limit: { count: MAX_FILES, removeOtherLogFiles: true },
          mode: FILE_MODE,
          sync: true,
          maxLength: MAX_WAITING_BYTES,
        });
        sayOnceWhenFailing(stream, level);
        return { level, stream };
      }),
    );
  } catch (cause) {
    const fields = [{ field: 'ACKSTREAM_LOG_DIR', message: 'must be a folder that can be written' }];
    throw new ServiceError('CONFIG_INVALID', { fields, cause });
  }
}

/** A full disk shall not stop deliveries: the state decides on those, and says so itself. Standard error, which shows what is logged, need not hear of each line. */
function sayOnceWhenFailing(file: RollingFile, level: Level): void {
  let isFailing = false;
  file.on('write', () => {
    isFailing = false;
  });
  file.on('error', (error: Error) => {
    if (!isFailing) process.stderr.write(`cannot write the ${level} log: ${error.message}\n`);
    isFailing = true;
  });
}

/**
 * Makes a folder of logs, or takes the rights of others from one that is there and from its files. The folder that it is in may be anybody's, such as that of a
 * machine's logs, and keeps its rights.
 */
function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  chmodSync(folder, FOLDER_MODE);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isFile()) chmodSync(join(folder, entry.name), FILE_MODE);
  }
}

function terminalStream(form: 'pretty' | 'json') {
  if (form === 'json') return destination({ dest: STDERR, sync: true });
  return pinoPretty({
    destination: STDERR,
    sync: true,
    ignore: 'pid,event',
    messageFormat: '{event}',
    translateTime: 'HH:MM:ss',
  });
}

function closeFile(file: RollingFile): Promise<void> {
  return new Promise((resolveClosed) => {
    file.once('close', () => resolveClosed());
    // It would wait for ever for the disk to take what is left.
    file.once('error', () => file.destroy());
    file.end();
  });
}

/** The fields as they may be written: URLs without their secrets, long texts cut, no character that a terminal obeys or a tool takes for a line's end. */
function loggable(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (typeof value !== 'string') return [name, value];
      return [name, visible(cut(/url$/i.test(name) ? redactUrl(value) : value))];
    }),
  );
}

function cut(text: string): string {
  if (Buffer.byteLength(text) <= MAX_VALUE_BYTES) return text;
  return `${Buffer.from(text.slice(0, MAX_VALUE_BYTES)).subarray(0, MAX_VALUE_BYTES).toString()}…`;
}

/** JSON escapes U+0000 to U+001F by itself. */
function visible(text: string): string {
  return text.replace(/[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
