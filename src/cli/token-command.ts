import { join } from 'node:path';
import { createToken, type TokenRecord } from '../access/api-token.ts';
import { SCOPES, type Scope } from '../access/scope.ts';
import { changeTokenFile, readTokenFile, TOKEN_FILE } from '../access/token-file.ts';
import { loadConfig } from '../config.ts';
import { DURATION_FORM, parseDurationMs } from '../model/duration.ts';
import { type Command, type CommandContext, EXIT_DONE } from './command.ts';
import { commandInvalid, parseArguments } from './parse-arguments.ts';
import { renderTable } from './render-table.ts';

const DAY_MS = 24 * 3_600_000;

const usage = `usage: ackstream token create --name <n> --scope <s> [--scope <s>] [--expires <d>] [--json]
       ackstream token list [--json]
       ackstream token revoke <id or name> [--json]

Makes, lists and revokes the tokens of the API, in the data directory. A running service takes changes over with its next request.

create prints the token on standard output, this once: only its digest is kept.

  --name <n>     what to call it by: up to 64 letters, digits and . _ @ + -
  --scope <s>    what it allows: ingest (ask for deliveries, previews; pause, resume, cancel), read (look at them), admin (everything)
  --expires <d>  for how long it is good, such as 90d or 12h; by default until it is revoked
  --json         print one JSON document per line
  --help         print this

Exit codes: 0 done; 2 wrong use or settings, no such token, or the file of the tokens cannot be used.
`;

/** `ackstream token`. */
export const tokenCommand: Command = {
  usage,
  run([action, ...args], context) {
    const path = join(loadConfig(context).dataDir, TOKEN_FILE);
    if (action === 'create') create(path, args, context);
    else if (action === 'list') list(path, args, context);
    else if (action === 'revoke') revoke(path, args, context);
    else throw commandInvalid(`${action ?? 'The action'} is not one of create, list, revoke`);
    return Promise.resolve(EXIT_DONE);
  },
};

function create(path: string, args: readonly string[], { clock, write, writeError }: CommandContext): void {
  const { values } = parseArguments(args, {
    options: {
      name: { type: 'string' },
      scope: { type: 'string', multiple: true },
      expires: { type: 'string' },
      json: { type: 'boolean' },
    },
    positionals: [],
  });
  const name = toName(values.name);
  const scopes = toScopes(values.scope);
  const createdAt = clock.now();
  const expiresAt = values.expires === undefined ? null : createdAt + toLifetimeMs(values.expires);
  const { token, record } = createToken({ name, scopes, createdAt, expiresAt });
  changeTokenFile(path, (tokens) => {
    if (tokens.some((other) => other.name === name))
      throw commandInvalid(`There is a token ${name} already; revoke it, or take another name`);
    return [...tokens, record];
  });
  if (values.json === true) {
    write(`${JSON.stringify({ token, ...viewOf(record) })}\n`);
    return;
  }
  write(`${token}\n`);
  writeError(`Token ${name}, id ${record.id}: ${scopes.join(', ')}; ${expiryText(record)}. It is not shown again.\n`);
}

function list(path: string, args: readonly string[], { clock, write, writeError }: CommandContext): void {
  const { values } = parseArguments(args, { options: { json: { type: 'boolean' } }, positionals: [] });
  const tokens = readTokenFile(path) ?? [];
  if (values.json === true) write(tokens.map((token) => `${JSON.stringify(viewOf(token))}\n`).join(''));
  else write(renderTokens(tokens, clock.now()));
  if (tokens.length === 0) writeError('There are none.\n');
}

function revoke(path: string, args: readonly string[], { write }: CommandContext): void {
  const { values, positionals } = parseArguments(args, {
    options: { json: { type: 'boolean' } },
    positionals: ['<id or name>'],
  });
  const [named = ''] = positionals;
  const revoked: TokenRecord[] = [];
  changeTokenFile(path, (tokens) => {
    const token = tokens.find(({ id }) => id === named) ?? tokens.find(({ name }) => name === named);
    if (token === undefined) throw commandInvalid(`There is no token ${named}; \`ackstream token list\` shows all`);
    revoked.push(token);
    return tokens.filter((other) => other !== token);
  });
  for (const token of revoked) {
    write(values.json === true ? `${JSON.stringify(viewOf(token))}\n` : `revoked ${token.name}, id ${token.id}\n`);
  }
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

function toName(text: string | undefined): string {
  if (text === undefined) throw commandInvalid('--name is missing');
  if (!/^[\w.@+-]{1,64}$/.test(text)) throw commandInvalid('--name must be up to 64 letters, digits and . _ @ + -');
  return text;
}

function toScopes(texts: readonly string[] = []): readonly Scope[] {
  const scopes = SCOPES.filter((scope) => texts.includes(scope));
  if (scopes.length > 0 && texts.every((text) => SCOPES.some((scope) => scope === text))) return scopes;
  throw commandInvalid(`--scope must be given, and be one of ${SCOPES.join(', ')}`);
}

/** Days, too: the other durations of the settings are never so long. */
function toLifetimeMs(text: string): number {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  const lifetimeMs = days === undefined ? parseDurationMs(text) : Number(days) * DAY_MS;
  // Beyond 10^5 days no date has a year of four digits.
  if (lifetimeMs !== undefined && lifetimeMs > 0 && lifetimeMs < 1e5 * DAY_MS) return lifetimeMs;
  throw commandInvalid(`--expires must be ${DURATION_FORM}, or a number of days such as 90d`);
}
