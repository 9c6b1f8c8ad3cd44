import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTokenFile, TOKEN_FILE } from '../../access/token-file.ts';
import type { Config } from '../../config.ts';
import { trustAuthoritiesOf } from '../../egress/tls-trust.ts';
import { createUrlGuard } from '../../egress/url-guard.ts';
import { type Finding, failure, ok, problem, warning } from './finding.ts';

/** Networks of which every address is one. */
const EVERYWHERE = /^(?:0\.0\.0\.0\/0|\[?::\/0\]?|\*)(?::\d+)?$/;

/** Whether those who should may use the API, and nobody else. */
export function checkTokens(
  {
    dataDir,
    apiToken,
    listensOnLoopbackOnly,
    host,
  }: Pick<Config, 'dataDir' | 'apiToken' | 'listensOnLoopbackOnly' | 'host'>,
  now: number,
): readonly Finding[] {
  const check = 'tokens';
  const make = 'Make one: `ackstream token create --name <n> --scope ingest --scope read`.';
  try {
    const tokens = readTokenFile(join(dataDir, TOKEN_FILE)) ?? [];
    const valid = tokens.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
    const seen = `${valid.length} made and valid, ${tokens.length - valid.length} expired, ACKSTREAM_API_TOKEN ${apiToken === null ? 'not set' : 'set'}`;
    if (valid.length > 0 || apiToken !== null) return [ok(check, seen)];
    if (tokens.length > 0) return [warning(check, `${seen}: nobody is let in`, make)];
    if (listensOnLoopbackOnly) return [ok(check, 'none: whoever is on this machine may use the service')];
    return [problem(check, `none, and the service is to listen on ${host}`, make)];
  } catch (error) {
    return failure(check, error);
  }
}

/** Whether callbacks can be called, and no more than is meant. */
export function checkCallbacks(
  {
    callbackAllow,
    callbackCa,
    listensOnLoopbackOnly,
  }: Pick<Config, 'callbackAllow' | 'callbackCa' | 'listensOnLoopbackOnly'>,
  now: number,
): readonly Finding[] {
  return [
    ...allowFindings(callbackAllow, listensOnLoopbackOnly),
    ...(callbackCa === null ? [] : authorityFindings(callbackCa, now)),
  ];
}

function allowFindings(allow: Config['callbackAllow'], isLoopbackAllowed: boolean): readonly Finding[] {
  const check = 'callbacks';
  try {
    createUrlGuard({ allow, isLoopbackAllowed });
  } catch (error) {
    return failure(check, error);
  }
  if (allow === null) return [ok(check, `public addresses${isLoopbackAllowed ? ', and this machine' : ''}`)];
  const everywhere = allow.filter((entry) => EVERYWHERE.test(entry));
  if (everywhere.length === 0) return [ok(check, allow.join(', '))];
  const seen = `${everywhere.join(', ')} in ACKSTREAM_CALLBACK_ALLOW: every address may be called, those of this network too`;
  return [warning(check, seen, 'Name the receivers, or leave it out for public addresses alone.')];
}

function authorityFindings(path: string, now: number): readonly Finding[] {
  const check = 'authorities';
  const remedy =
    'Have ACKSTREAM_CALLBACK_CA name a PEM file of certificates that are in force and that the service may read.';
  try {
    trustAuthoritiesOf(path);
  } catch (error) {
    return failure(check, error).map((finding) => ({ ...finding, seen: `${path}: ${finding.seen}`, remedy }));
  }
  // The first of them: a file holds one authority, or one of several that were made together.
  const { subject, validTo } = new X509Certificate(readFileSync(path));
  const seen = `${path}: ${subject.replaceAll('\n', ', ')}, valid to ${validTo}`;
  return [Date.parse(validTo) > now ? ok(check, seen) : problem(check, seen, remedy)];
}
