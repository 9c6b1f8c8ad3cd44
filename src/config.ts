import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { type FieldError, ServiceError } from './errors.ts';
import { DURATION_FORM, formatDurationMs, parseDurationMs } from './model/duration.ts';
import { fieldErrorsOf } from './model/field-errors.ts';
import { nearestName } from './model/nearest-name.ts';
import { isWebhookSecret, WEBHOOK_SECRET_FORM } from './model/webhook-secret.ts';

/** The settings of the service, frozen. docs/operations.md says what each does. */
export interface Config {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether nothing but this machine reaches the service: then it may call loopback, and there need be no token. */
  readonly listensOnLoopbackOnly: boolean;
  /** Absolute, as are all paths here. */
  readonly dataDir: string;
  readonly logDir: string;
  /** Key that secrets in the state are sealed with; null: `state.key` in the data directory. */
  readonly stateKeyFile: string | null;
  /** What the terminal shows; the files always hold everything. */
  readonly logLevel: LogLevel;
  readonly sourceRoots: readonly string[];
  /** Files and folders of the service itself: wherever the source roots are, these are no feeds. */
  readonly ownPaths: readonly string[];
  /** Host names, addresses and CIDRs; null: public addresses, and loopback while the service listens on loopback only. */
  readonly callbackAllow: readonly string[] | null;
  /** PEM file of authorities to trust beside those that Node trusts; null: none. */
  readonly callbackCa: string | null;
  readonly apiToken: string | null;
  /** Names, in lower case and with a port or without, that the service may be asked for by, beside its own addresses. */
  readonly allowedHosts: readonly string[];
  /** Requests per minute of one token or address; 0: no limit. */
  readonly rateLimit: number;
  readonly callbackSecret: string | null;
  readonly maxRunning: number;
  readonly maxQueued: number;
  readonly retryWindowMs: number;
  /** How long terminal ingestions are kept after their last change, ms; null: for good. */
  readonly retentionMs: number | null;
  readonly maxDepth: number;
  readonly maxRecordBytes: number;
  /** How long a run may go without any progress, ms. */
  readonly stallTimeoutMs: number;
  /** Most bytes of objects that a thread which reads may hold. */
  readonly workerMemoryBytes: number;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
/** One of debug, info, warn, error. */
export type LogLevel = (typeof LOG_LEVELS)[number];

const PREFIX = 'ACKSTREAM_';
/** Variables that are not settings of the service: the tests' own. */
const TEST_VARIABLES: ReadonlySet<string> = new Set(['ACKSTREAM_CRASH_AT', 'ACKSTREAM_CORPORA']);

/** A depth that is bounded keeps recursion bounded; receivers' own JSON parsers give up far below. */
const MAX_MAX_DEPTH = 10_000;
/** 1 GiB: a record is held in memory whole. */
const MAX_MAX_RECORD_BYTES = 1024 ** 3;
/** A worker waits for a disk that sleeps, or a share that is slow, for seconds. */
const MIN_STALL_TIMEOUT_MS = 1_000;
/** A thread that reads takes some 20 MiB for itself; V8 takes no more than 64 GiB. */
const MIN_WORKER_MEMORY = 64 * 1024 ** 2;
const MAX_WORKER_MEMORY = 64 * 1024 ** 3;
/** What is old is looked for so often. */
const MIN_RETENTION_MS = 3_600_000;
/** Only the look of an entry, so that no URL is taken for a host; the URL guard reads it, and refuses what it cannot. */
const CALLBACK_ALLOW_ENTRY = /^[\w.*:[\]-]+(?:\/\d{1,3}\]?(?::\d{1,5})?)?$/;
const MIN_TOKEN_LENGTH = 16;
/** A name or an address, in brackets that of IPv6, with a port or without. */
const ALLOWED_HOST_ENTRY = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

const integer = (min: number, max: number) => {
  const error = `must be an integer from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });
};
const duration = () =>
  z
    .string()
    .transform(parseDurationMs)
    .refine((durationMs) => durationMs !== undefined, { error: `must be ${DURATION_FORM}`, abort: true })
    .transform((durationMs) => durationMs ?? 0);
const path = z.string().min(1, { error: 'must be the path of a folder' });
const entries = (separator: string) => z.string().transform((text) => text.split(separator).map((part) => part.trim()));

// What ends in a number is an address to every URL parser (WHATWG URL, "ends in a number"), so it is either a valid one or nothing.
const hostName = z.hostname().refine((name) => !/(?:^|\.)\d+\.?$/.test(name));

const environmentSchema = z.strictObject({
  ACKSTREAM_HOST: z
    .union([z.ipv4(), z.ipv6(), hostName], { error: 'must be an address or a host name' })
    .default('127.0.0.1'),
  ACKSTREAM_PORT: integer(0, 65_535).default(8000),
  ACKSTREAM_DATA_DIR: path.default('data'),
  ACKSTREAM_LOG_DIR: path.default('logs'),
  ACKSTREAM_STATE_KEY_FILE: z.string().min(1, { error: 'must be the path of a file' }).optional(),
  ACKSTREAM_LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  ACKSTREAM_SOURCE_ROOTS: entries(delimiter)
    .refine((roots) => !roots.includes(''), { error: `must be paths of folders, separated by ${delimiter}` })
    .default(['.']),
  ACKSTREAM_CALLBACK_ALLOW: entries(',')
    .refine((allowed) => allowed.every((entry) => CALLBACK_ALLOW_ENTRY.test(entry)), {
      error: 'must be host names, addresses or networks such as 10.0.0.0/8, separated by commas',
    })
    .optional(),
  ACKSTREAM_CALLBACK_CA: z.string().min(1, { error: 'must be the path of a file' }).optional(),
  ACKSTREAM_API_TOKEN: z
    .string()
    .regex(new RegExp(`^[\\x21-\\x7e]{${MIN_TOKEN_LENGTH},}$`), {
      error: `must be at least ${MIN_TOKEN_LENGTH} characters of visible ASCII`,
    })
    .optional(),
  ACKSTREAM_ALLOWED_HOSTS: entries(',')
    .refine((hosts) => hosts.every((host) => ALLOWED_HOST_ENTRY.test(host)), {
      error: 'must be host names or addresses, with a port or without, separated by commas',
    })
    .default([]),
  ACKSTREAM_RATE_LIMIT: integer(0, 1_000_000).default(600),
  ACKSTREAM_CALLBACK_SECRET: z
    .string()
    .refine(isWebhookSecret, { error: `must be ${WEBHOOK_SECRET_FORM}` })
    .optional(),
  ACKSTREAM_MAX_RUNNING: integer(1, 1024).default(() => availableParallelism()),
  ACKSTREAM_MAX_QUEUED: integer(1, 1_000_000).default(1000),
  ACKSTREAM_RETRY_WINDOW: duration().default(72 * 3_600_000),
  ACKSTREAM_RETENTION: z
    .union(
      [z.literal('off').transform(() => null), duration().refine((retentionMs) => retentionMs >= MIN_RETENTION_MS)],
      { error: `must be off, or ${DURATION_FORM} and at least 1h` },
    )
    .default(null),
  ACKSTREAM_MAX_DEPTH: integer(1, MAX_MAX_DEPTH).default(256),
  ACKSTREAM_MAX_RECORD_BYTES: integer(1, MAX_MAX_RECORD_BYTES).default(64 * 1024 ** 2),
  ACKSTREAM_STALL_TIMEOUT: duration()
    .refine((timeoutMs) => timeoutMs >= MIN_STALL_TIMEOUT_MS, { error: 'must be at least 1s' })
    .default(10 * 60_000),
  ACKSTREAM_WORKER_MEMORY: integer(MIN_WORKER_MEMORY, MAX_WORKER_MEMORY).default(512 * 1024 ** 2),
});

/** What {@link loadConfig} reads: nothing else of the process reaches the settings. */
export interface ConfigInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where `.env` is looked for and what relative paths are relative to. */
  readonly cwd: string;
}

/**
 * The settings of the environment and, for what it leaves out, of `.env` in the working directory.
 * @throws CONFIG_INVALID naming every variable that is wrong or unknown. Values are never repeated: they may be secrets.
 */
export function loadConfig({ env, cwd }: ConfigInput): Config {
  const variables = Object.fromEntries(
    Object.entries({ ...readEnvFile(settingsFileIn(cwd)), ...env }).filter(
      ([name, value]) => name.startsWith(PREFIX) && value !== undefined && !TEST_VARIABLES.has(name),
    ),
  );
  const parsed = environmentSchema.safeParse(variables);
  if (!parsed.success) throw configInvalid(fieldErrorsOf(parsed.error.issues, NOT_A_SETTING).map(withNearest));
  return toConfig(parsed.data, cwd);
}

const NOT_A_SETTING = 'is not a setting';

function withNearest({ field, message }: FieldError): FieldError {
  const nearest = message === NOT_A_SETTING ? nearestName(field, Object.keys(environmentSchema.shape)) : undefined;
  return { field, message: nearest === undefined ? message : `${message}; did you mean ${nearest}?` };
}

/** Where a setting comes from. */
export type SettingSource = 'environment' | '.env' | 'default';

/** Where {@link loadConfig} takes each setting from, by its variable. Throws CONFIG_INVALID where `.env` cannot be read. */
export function sourcesOfSettings({ env, cwd }: ConfigInput): Readonly<Record<string, SettingSource>> {
  const file = readEnvFile(settingsFileIn(cwd));
  const sourceOf = (name: string): SettingSource => {
    if (env[name] !== undefined) return 'environment';
    return file[name] === undefined ? 'default' : '.env';
  };
  return Object.fromEntries(Object.keys(environmentSchema.shape).map((name) => [name, sourceOf(name)]));
}

function toConfig(settings: z.infer<typeof environmentSchema>, cwd: string): Config {
  const dataDir = resolve(cwd, settings.ACKSTREAM_DATA_DIR);
  const logDir = resolve(cwd, settings.ACKSTREAM_LOG_DIR);
  const stateKeyFile =
    settings.ACKSTREAM_STATE_KEY_FILE === undefined ? null : resolve(cwd, settings.ACKSTREAM_STATE_KEY_FILE);
  const ownPaths = [dataDir, logDir, settingsFileIn(cwd), ...(stateKeyFile === null ? [] : [stateKeyFile])];
  return Object.freeze({
    host: settings.ACKSTREAM_HOST,
    port: settings.ACKSTREAM_PORT,
    listensOnLoopbackOnly: isLoopback(settings.ACKSTREAM_HOST),
    dataDir,
    logDir,
    stateKeyFile,
    logLevel: settings.ACKSTREAM_LOG_LEVEL,
    sourceRoots: Object.freeze(settings.ACKSTREAM_SOURCE_ROOTS.map((root) => resolve(cwd, root))),
    ownPaths: Object.freeze(ownPaths),
    callbackAllow: Object.freeze(settings.ACKSTREAM_CALLBACK_ALLOW ?? null),
    callbackCa: settings.ACKSTREAM_CALLBACK_CA === undefined ? null : resolve(cwd, settings.ACKSTREAM_CALLBACK_CA),
    apiToken: settings.ACKSTREAM_API_TOKEN ?? null,
    allowedHosts: Object.freeze(settings.ACKSTREAM_ALLOWED_HOSTS.map((host) => host.toLowerCase())),
    rateLimit: settings.ACKSTREAM_RATE_LIMIT,
    callbackSecret: settings.ACKSTREAM_CALLBACK_SECRET ?? null,
    maxRunning: settings.ACKSTREAM_MAX_RUNNING,
    maxQueued: settings.ACKSTREAM_MAX_QUEUED,
    retryWindowMs: settings.ACKSTREAM_RETRY_WINDOW,
    retentionMs: settings.ACKSTREAM_RETENTION,
    maxDepth: settings.ACKSTREAM_MAX_DEPTH,
    maxRecordBytes: settings.ACKSTREAM_MAX_RECORD_BYTES,
    stallTimeoutMs: settings.ACKSTREAM_STALL_TIMEOUT,
    workerMemoryBytes: settings.ACKSTREAM_WORKER_MEMORY,
  });
}

/** The settings as variables, for a person to read: secrets only as whether they are set. */
export function describeConfig(config: Config): Readonly<Record<string, string>> {
  return {
    ACKSTREAM_HOST: config.host,
    ACKSTREAM_PORT: String(config.port),
    ACKSTREAM_DATA_DIR: config.dataDir,
    ACKSTREAM_LOG_DIR: config.logDir,
    ACKSTREAM_STATE_KEY_FILE: config.stateKeyFile ?? 'not set',
    ACKSTREAM_LOG_LEVEL: config.logLevel,
    ACKSTREAM_SOURCE_ROOTS: config.sourceRoots.join(delimiter),
    ACKSTREAM_CALLBACK_ALLOW: config.callbackAllow?.join(',') ?? 'not set',
    ACKSTREAM_CALLBACK_CA: config.callbackCa ?? 'not set',
    ACKSTREAM_API_TOKEN: describeSecret(config.apiToken),
    ACKSTREAM_ALLOWED_HOSTS: config.allowedHosts.join(',') || 'not set',
    ACKSTREAM_RATE_LIMIT: String(config.rateLimit),
    ACKSTREAM_CALLBACK_SECRET: describeSecret(config.callbackSecret),
    ACKSTREAM_MAX_RUNNING: String(config.maxRunning),
    ACKSTREAM_MAX_QUEUED: String(config.maxQueued),
    ACKSTREAM_RETRY_WINDOW: formatDurationMs(config.retryWindowMs),
    ACKSTREAM_RETENTION: config.retentionMs === null ? 'off' : formatDurationMs(config.retentionMs),
    ACKSTREAM_MAX_DEPTH: String(config.maxDepth),
    ACKSTREAM_MAX_RECORD_BYTES: String(config.maxRecordBytes),
    ACKSTREAM_STALL_TIMEOUT: formatDurationMs(config.stallTimeoutMs),
    ACKSTREAM_WORKER_MEMORY: String(config.workerMemoryBytes),
  };
}

/** The settings that are secrets themselves. */
export const SECRET_SETTINGS = ['ACKSTREAM_API_TOKEN', 'ACKSTREAM_CALLBACK_SECRET'] as const;

function describeSecret(secret: string | null): string {
  return secret === null ? 'not set' : 'set';
}

/** Where settings are read from that the environment leaves out. */
export function settingsFileIn(cwd: string): string {
  return join(cwd, '.env');
}

function readEnvFile(file: string): Readonly<Record<string, string | undefined>> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {};
    throw configInvalid([{ field: '.env', message: 'cannot be read' }], cause);
  }
}

function configInvalid(fields: readonly FieldError[], cause?: unknown): ServiceError {
  return new ServiceError('CONFIG_INVALID', { fields, ...(cause === undefined ? {} : { cause }) });
}

/** An address that never leaves the machine, or the one name that by convention means one. */
function isLoopback(host: string): boolean {
  const isIpv4Loopback = host.startsWith('127.') && z.ipv4().safeParse(host).success;
  return isIpv4Loopback || host === '::1' || host.toLowerCase() === 'localhost';
}
