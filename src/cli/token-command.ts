import { join } from 'node:path';
import { createToken, type TokenRecord } from '../access/api-token.ts';
import { SCOPES } from '../access/scope.ts';
import { changeTokenFile, readTokenFile, TOKEN_FILE } from '../access/token-file.ts';
import { loadConfig } from '../config.ts';
import { DURATION_FORM, parseDurationMs } from '../model/duration.ts';
import { type CommandContext, EXIT_DONE, type RunCommand } from './command.ts';
import { jsonLine } from './json-line.ts';
import { commandInvalid } from './option-values.ts';
import { renderTable } from './render-table.ts';

const DAY_MS = 24 * 3_600_000;

/** `ackstream token create`. */
export const runTokenCreate: RunCommand<'token create'> = async (values, context) => {
  const { clock, write, writeError } = context;
  const name = checkName(values.name);
  const scopes = SCOPES.filter((scope) => values.scope.includes(scope));
  const createdAt = clock.now();
  const expiresAt = values.expires === undefined ? null : createdAt + toLifetimeMs(values.expires);
  const { token, record } = createToken({ name, scopes, createdAt, expiresAt });
  changeTokenFile(tokenFileOf(context), (tokens) => {
    if (tokens.some((other) => other.name === name))
      throw commandInvalid(`There is a token ${name} already; revoke it, or take another name`);
    return [...tokens, record];
  });
  if (values.json === true) {
    write(jsonLine({ token, ...viewOf(record) }));
    return EXIT_DONE;
  }
  write(`${token}\n`);
  writeError(`Token ${name}, id ${record.id}: ${scopes.join(', ')}; ${expiryText(record)}. It is not shown again.\n`);
  return EXIT_DONE;
};

/** `ackstream token list`. */
export const runTokenList: RunCommand<'token list'> = async (values, context) => {
  const { clock, write, writeError } = context;
  const tokens = readTokenFile(tokenFileOf(context)) ?? [];
  if (values.json === true) write(tokens.map((token) => jsonLine(viewOf(token))).join(''));
  else write(renderTokens(tokens, clock.now()));
  if (tokens.length === 0) writeError('There are none.\n');
  return EXIT_DONE;
};

/** `ackstream token revoke`. */
export const runTokenRevoke: RunCommand<'token revoke'> = async ({ token: named, json }, context) => {
  const revoked: TokenRecord[] = [];
  changeTokenFile(tokenFileOf(context), (tokens) => {
    const token = tokens.find(({ id }) => id === named) ?? tokens.find(({ name }) => name === named);
    if (token === undefined) throw commandInvalid(`There is no token ${named}; \`ackstream token list\` shows all`);
    revoked.push(token);
    return tokens.filter((other) => other !== token);
  });
  for (const token of revoked) {
    context.write(json === true ? jsonLine(viewOf(token)) : `revoked ${token.name}, id ${token.id}\n`);
  }
  return EXIT_DONE;
};

function tokenFileOf(context: CommandContext): string {
  return join(loadConfig(context).dataDir, TOKEN_FILE);
}

/** A token as it is shown: never its digest, which is of no use to anybody who may see this. */
function viewOf({ id, name, scopes, createdAt, expiresAt }: TokenRecord) {
  return {
    id,
    name,
    scopes,
    created_at: isoTime(createdAt),
    expires_at: expiresAt === null ? null : isoTime(expiresAt),
  };
}

function renderTokens(tokens: readonly TokenRecord[], now: number): string {
  return renderTable(tokens, [
    { title: 'ID', cell: ({ id }) => id },
    { title: 'NAME', cell: ({ name }) => name },
    { title: 'SCOPES', cell: ({ scopes }) => scopes.join(', ') },
    { title: 'CREATED', cell: ({ createdAt }) => isoTime(createdAt) },
    { title: 'EXPIRES', cell: ({ expiresAt }) => expiryCell(expiresAt, now) },
  ]);
}

function expiryCell(expiresAt: number | null, now: number): string {
  if (expiresAt === null) return 'never';
  return expiresAt > now ? isoTime(expiresAt) : `${isoTime(expiresAt)}, has expired`;
}

function expiryText({ expiresAt }: TokenRecord): string {
  return expiresAt === null ? 'does not expire' : `expires ${isoTime(expiresAt)}`;
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

function checkName(text: string): string {
  if (!/^[\w.@+-]{1,64}$/.test(text)) throw commandInvalid('--name must be up to 64 letters, digits and . _ @ + -');
  return text;
}

/** Days, too: the other durations of the settings are never so long. */
function toLifetimeMs(text: string): number {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  const lifetimeMs = days === undefined ? parseDurationMs(text) : Number(days) * DAY_MS;
  // Beyond 10^5 days no date has a year of four digits.
  if (lifetimeMs !== undefined && lifetimeMs > 0 && lifetimeMs < 1e5 * DAY_MS) return lifetimeMs;
  throw commandInvalid(`--expires must be ${DURATION_FORM}, or a number of days such as 90d`);
}
