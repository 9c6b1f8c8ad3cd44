import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Config, describeConfig, loadConfig } from '../src/config.ts';
import { ServiceError } from '../src/errors.ts';
import { tempFolder } from './harness/temp-folder.ts';

const TOKEN = 'a-token-of-some-length';
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

function load(env: Record<string, string>, cwd = '/nowhere'): Config {
  return loadConfig({ env, cwd });
}

function problemsOf(env: Record<string, string>, cwd?: string): ServiceError {
  try {
    load(env, cwd);
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('the settings', () => {
  it('have defaults that are safe on one machine', () => {
    expect(load({ PATH: '/bin' })).toEqual({
      host: '127.0.0.1',
      port: 8000,
      listensOnLoopbackOnly: true,
      dataDir: '/nowhere/data',
      logDir: '/nowhere/logs',
      stateKeyFile: null,
      logLevel: 'info',
      sourceRoots: ['/nowhere'],
      ownPaths: ['/nowhere/data', '/nowhere/logs', '/nowhere/.env'],
      callbackAllow: null,
      callbackCa: null,
      apiToken: null,
      allowedHosts: [],
      rateLimit: 600,
      callbackSecret: null,
      maxRunning: availableParallelism(),
      maxQueued: 1000,
      retryWindowMs: 259_200_000,
      retentionMs: null,
      maxDepth: 256,
      maxRecordBytes: 67_108_864,
      stallTimeoutMs: 600_000,
      workerMemoryBytes: 536_870_912,
    });
  });

  it('are taken from the environment', () => {
    expect(
      load({
        ACKSTREAM_HOST: '0.0.0.0',
        ACKSTREAM_PORT: '0',
        ACKSTREAM_DATA_DIR: '/var/lib/ackstream',
        ACKSTREAM_LOG_DIR: '../logs',
        ACKSTREAM_STATE_KEY_FILE: 'keys/state.key',
        ACKSTREAM_LOG_LEVEL: 'warn',
        ACKSTREAM_SOURCE_ROOTS: '/feeds: more',
        ACKSTREAM_CALLBACK_ALLOW: 'receiver.internal, 10.0.0.0/8:443,*.example.org,[fd00::/8]:9000',
        ACKSTREAM_CALLBACK_CA: 'authorities.pem',
        ACKSTREAM_API_TOKEN: TOKEN,
        ACKSTREAM_ALLOWED_HOSTS: 'Feeds.example, 10.0.0.1:8080,[fd00::1]',
        ACKSTREAM_RATE_LIMIT: '30',
        ACKSTREAM_CALLBACK_SECRET: SECRET,
        ACKSTREAM_MAX_RUNNING: '3',
        ACKSTREAM_MAX_QUEUED: '5',
        ACKSTREAM_RETRY_WINDOW: '90m',
        ACKSTREAM_RETENTION: '720h',
        ACKSTREAM_MAX_DEPTH: '12',
        ACKSTREAM_MAX_RECORD_BYTES: '1024',
        ACKSTREAM_STALL_TIMEOUT: '30s',
        ACKSTREAM_WORKER_MEMORY: '67108864',
      }),
    ).toEqual({
      host: '0.0.0.0',
      port: 0,
      listensOnLoopbackOnly: false,
      dataDir: '/var/lib/ackstream',
      logDir: '/logs',
      stateKeyFile: '/nowhere/keys/state.key',
      logLevel: 'warn',
      sourceRoots: ['/feeds', '/nowhere/more'],
      ownPaths: ['/var/lib/ackstream', '/logs', '/nowhere/.env', '/nowhere/keys/state.key'],
      callbackAllow: ['receiver.internal', '10.0.0.0/8:443', '*.example.org', '[fd00::/8]:9000'],
      callbackCa: '/nowhere/authorities.pem',
      apiToken: TOKEN,
      allowedHosts: ['feeds.example', '10.0.0.1:8080', '[fd00::1]'],
      rateLimit: 30,
      callbackSecret: SECRET,
      maxRunning: 3,
      maxQueued: 5,
      retryWindowMs: 5_400_000,
      retentionMs: 2_592_000_000,
      maxDepth: 12,
      maxRecordBytes: 1024,
      stallTimeoutMs: 30_000,
      workerMemoryBytes: 67_108_864,
    });
  });

  it('cannot be changed afterwards', () => {
    const config = load({});
    expect(Object.isFrozen(config) && Object.isFrozen(config.sourceRoots)).toBe(true);
  });

  it.each([
    ['HOST', ''],
    ['HOST', 'a b'],
    ['HOST', '1.2.3'],
    ['HOST', '127.0.0.256'],
    ['HOST', '[::1]'],
    ['HOST', 'http://a'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80x'],
    ['PORT', '8e3'],
    ['PORT', ' 80'],
    ['PORT', ''],
    ['DATA_DIR', ''],
    ['LOG_DIR', ''],
    ['LOG_LEVEL', 'loud'],
    ['SOURCE_ROOTS', ''],
    ['SOURCE_ROOTS', '/a::/b'],
    ['CALLBACK_ALLOW', ''],
    ['CALLBACK_ALLOW', 'a,,b'],
    ['CALLBACK_ALLOW', 'https://a'],
    ['CALLBACK_ALLOW', 'a b'],
    ['CALLBACK_CA', ''],
    ['API_TOKEN', ''],
    ['API_TOKEN', 'short'],
    ['API_TOKEN', 'a token with spaces in it'],
    ['ALLOWED_HOSTS', ''],
    ['ALLOWED_HOSTS', 'https://feeds.example'],
    ['ALLOWED_HOSTS', '*'],
    ['ALLOWED_HOSTS', 'fd00::1'],
    ['RATE_LIMIT', '-1'],
    ['CALLBACK_SECRET', 'whsec_short'],
    ['MAX_RUNNING', '0'],
    ['MAX_QUEUED', '1.5'],
    ['RETRY_WINDOW', '72'],
    ['RETENTION', 'never'],
    ['RETENTION', '59m'],
    ['MAX_DEPTH', '0'],
    ['MAX_DEPTH', '10001'],
    ['MAX_RECORD_BYTES', '64MiB'],
    ['STALL_TIMEOUT', '10'],
    ['STALL_TIMEOUT', '999ms'],
    ['WORKER_MEMORY', '1048576'],
  ])('refuse ACKSTREAM_%s=%j', (name, value) => {
    const { code, fields } = problemsOf({ ACKSTREAM_API_TOKEN: TOKEN, [`ACKSTREAM_${name}`]: value });
    expect([code, fields?.map(({ field }) => field)]).toEqual(['CONFIG_INVALID', [`ACKSTREAM_${name}`]]);
  });

  it('are refused with every problem at once, and no value repeated', () => {
    const error = problemsOf({
      ACKSTREAM_RATE_LIMIT: 'many',
      ACKSTREAM_PORT: 'p0rt',
      ACKSTREAM_CALLBACK_SECRET: 's3cret',
      ACKSTREAM_PROT: '1',
    });
    expect(error.fields?.map(({ field }) => field).toSorted()).toEqual([
      'ACKSTREAM_CALLBACK_SECRET',
      'ACKSTREAM_PORT',
      'ACKSTREAM_PROT',
      'ACKSTREAM_RATE_LIMIT',
    ]);
    expect(JSON.stringify(error.fields) + error.message).not.toMatch(/p0rt|s3cret/);
  });

  it('refuse a name that is none, so that a typo never means the default', () => {
    expect(problemsOf({ ACKSTREAM_LOGDIR: '/x' }).fields).toEqual([
      { field: 'ACKSTREAM_LOGDIR', message: 'is not a setting; did you mean ACKSTREAM_LOG_DIR?' },
    ]);
    expect(load({ ACKSTREAM_CRASH_AT: 'committed', ACKSTREAM_CORPORA: '/x', acKstream_X: '1' })).toEqual(load({}));
  });
});

describe('listening', () => {
  it.each(['0.0.0.0', '::', '192.168.1.2', 'feeds.internal', '128.0.0.1', '::ffff:10.0.0.1', '127.example'])(
    'on %s lets others reach it',
    (host) => {
      expect(load({ ACKSTREAM_HOST: host }).listensOnLoopbackOnly).toBe(false);
    },
  );

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('on %s does not', (host) => {
    expect(load({ ACKSTREAM_HOST: host }).listensOnLoopbackOnly).toBe(true);
  });
});

describe('the file .env', () => {
  it('says what the environment leaves out', () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, '.env'), '# mine\nACKSTREAM_PORT=9001\nACKSTREAM_MAX_QUEUED="7"\nOTHER=x\n');
    expect(load({ ACKSTREAM_PORT: '9002' }, cwd)).toMatchObject({ port: 9002, maxQueued: 7 });
  });

  it('is held to the same rules', () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, '.env'), 'ACKSTREAM_PROT=9001\n');
    expect(problemsOf({}, cwd).fields).toEqual([
      { field: 'ACKSTREAM_PROT', message: 'is not a setting; did you mean ACKSTREAM_PORT?' },
    ]);
  });

  it('is refused where it cannot be read', () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'file'), '');
    expect(problemsOf({}, join(cwd, 'file')).fields).toEqual([{ field: '.env', message: 'cannot be read' }]);
  });

  it('has an example that names every setting', () => {
    const example = readFileSync(join(import.meta.dirname, '..', '.env.example'), 'utf8');
    const named = [...example.matchAll(/^# (ACKSTREAM_\w+)=/gm)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(Object.keys(describeConfig(load({})))));
  });
});

describe('printed settings', () => {
  it('are all there, but for secrets', () => {
    const printed = describeConfig(load({ ACKSTREAM_API_TOKEN: TOKEN, ACKSTREAM_CALLBACK_SECRET: SECRET }));
    expect(printed).toMatchObject({
      ACKSTREAM_PORT: '8000',
      ACKSTREAM_RETRY_WINDOW: '72h',
      ACKSTREAM_API_TOKEN: 'set',
    });
    expect(JSON.stringify(printed)).not.toContain(TOKEN);
    expect(JSON.stringify(printed)).not.toContain(SECRET);
  });
});
