import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogger, type ServiceLogger } from '../src/log.ts';
import { tempFolder } from './harness/temp-folder.ts';

const LEVELS = ['debug', 'info', 'error'] as const;
const quiet = (logDir: string): Promise<ServiceLogger> => createLogger({ logDir, terminal: 'off', level: 'info' });

/** Takes no byte; Linux has one. */
const FULL_DEVICE = '/dev/full';
const HAS_FULL_DEVICE = existsSync(FULL_DEVICE);
if (!HAS_FULL_DEVICE) console.log(`logs: skipped what a full disk does, there is no ${FULL_DEVICE}`);

/** The lines of a folder of logs, oldest first. */
function linesOf(logDir: string, level: (typeof LEVELS)[number]): Record<string, unknown>[] {
  const numberOf = (name: string): number => Number(name.split('.')[1]);
  return readdirSync(join(logDir, level))
    .toSorted((one, other) => numberOf(one) - numberOf(other))
    .flatMap((name) => readFileSync(join(logDir, level, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line): Record<string, unknown> => JSON.parse(line));
}

/** Runs TypeScript that has a `logger` in a process of its own; what it wrote to standard error. */
function runWithLogger(
  logDir: string,
  terminal: 'pretty' | 'json',
  code: string,
): { stderr: string; status: number | null } {
  const module = resolve(import.meta.dirname, '../src/log.ts');
  const script = `const { createLogger } = await import(${JSON.stringify(module)});
    const logger = await createLogger({ logDir: ${JSON.stringify(logDir)}, terminal: '${terminal}', level: 'info' });
    ${code}`;
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 15_000,
  });
  return { stderr, status };
}

describe('a log', () => {
  it('holds everything, what is at least info, and the errors, in three folders', async () => {
    const logDir = join(tempFolder(), 'deep', 'logs');
    const logger = await quiet(logDir);
    logger.debug('chunk.planned', { chunk_number: 1 });
    logger.info('attempt.ended', { attempt: 2, outcome: 'acknowledged', reason: null, http_status: undefined });
    logger.warn('ingestion.paused');
    logger.error('ingestion.failed');
    await logger.close();

    const events = LEVELS.map((level) => linesOf(logDir, level).map(({ event }) => event));
    expect(events).toEqual([
      ['chunk.planned', 'attempt.ended', 'ingestion.paused', 'ingestion.failed'],
      ['attempt.ended', 'ingestion.paused', 'ingestion.failed'],
      ['ingestion.failed'],
    ]);
    expect(linesOf(logDir, 'info')[0]).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      pid: process.pid,
      event: 'attempt.ended',
      attempt: 2,
      outcome: 'acknowledged',
      reason: null,
      msg: 'one attempt, with its outcome',
    });
  });

  it('is written when the call returns, so that a crash loses nothing', async () => {
    const logDir = tempFolder();
    const logger = await quiet(logDir);
    logger.info('service.started');
    expect(linesOf(logDir, 'info')).toHaveLength(1);
    await logger.close();
  });

  it('keeps every line of a process that ends at once, and does not keep it alive', () => {
    for (const ending of ['process.exit(3)', "process.kill(process.pid, 'SIGKILL')", '']) {
      const logDir = tempFolder();
      const { status } = runWithLogger(
        logDir,
        'json',
        `for (let n = 0; n < 500; n += 1) logger.debug('chunk.planned', { n }); ${ending}`,
      );
      expect(linesOf(logDir, 'debug').map(({ n }) => n)).toEqual(Array.from({ length: 500 }, (_, n) => n));
      expect(status).toBe(ending === '' ? 0 : ending.includes('exit') ? 3 : null);
    }
  });

  it('goes on in the file of the process before', async () => {
    const logDir = tempFolder();
    for (let run = 0; run < 2; run += 1) {
      const logger = await quiet(logDir);
      logger.info('service.started', { run });
      await logger.close();
    }
    expect(linesOf(logDir, 'info').map(({ run }) => run)).toEqual([0, 1]);
    expect(readdirSync(join(logDir, 'info'))).toEqual(['info.1.log']);
  });

  it('keeps ten files of five MiB per folder and loses no line between two of them', async () => {
    const logDir = tempFolder();
    const logger = await quiet(logDir);
    const lineCount = 32_000;
    for (let n = 0; n < lineCount; n += 1) {
      logger.debug('chunk.planned', { n, reason: 'x'.repeat(2000) });
      // The file changes between two turns of the event loop.
      if (n % 50 === 0) await new Promise(setImmediate);
    }
    await logger.close();

    const sizes = readdirSync(join(logDir, 'debug')).map((name) => statSync(join(logDir, 'debug', name)).size);
    expect(sizes).toHaveLength(10);
    expect(Math.max(...sizes)).toBeLessThan(5.5 * 1024 * 1024);
    const numbers = linesOf(logDir, 'debug').map(({ n }) => Number(n));
    const first = numbers[0] ?? -1;
    expect(first).toBeGreaterThan(0);
    expect(numbers).toEqual(Array.from({ length: lineCount - first }, (_, index) => first + index));
  });

  it("is its owner's alone, whatever the umask and what was there before; the folder around it keeps its rights", async () => {
    const logDir = tempFolder();
    mkdirSync(join(logDir, 'info'));
    writeFileSync(join(logDir, 'info', 'info.7.log'), '');
    for (const path of [logDir, join(logDir, 'info'), join(logDir, 'info', 'info.7.log')]) chmodSync(path, 0o755);
    const umask = process.umask(0);
    try {
      const logger = await quiet(logDir);
      for (let n = 0; n < 3200; n += 1) {
        logger.info('chunk.planned', { n, reason: 'x'.repeat(2000) });
        if (n % 50 === 0) await new Promise(setImmediate);
      }
      await logger.close();
      await (await quiet(join(logDir, 'new', 'logs'))).close();
    } finally {
      process.umask(umask);
    }
    const modeOf = (...path: string[]) => statSync(join(logDir, ...path)).mode & 0o777;
    const files = LEVELS.flatMap((level) => readdirSync(join(logDir, level)).map((name) => modeOf(level, name)));
    expect(files.length).toBeGreaterThan(3);
    expect(new Set(files)).toEqual(new Set([0o600]));
    expect(LEVELS.map((level) => modeOf(level))).toEqual([0o700, 0o700, 0o700]);
    expect([modeOf(), modeOf('new', 'logs'), modeOf('new', 'logs', 'debug')]).toEqual([0o755, 0o700, 0o700]);
  });

  it.skipIf(!HAS_FULL_DEVICE)('says once that the disk is full, and ends all the same', () => {
    const logDir = tempFolder();
    mkdirSync(join(logDir, 'debug'));
    symlinkSync(FULL_DEVICE, join(logDir, 'debug', 'debug.1.log'));
    const code = `for (let line = 0; line < 3; line += 1) logger.debug('chunk.planned'); await logger.close();`;
    const { stderr, status } = runWithLogger(logDir, 'json', code);
    expect(status).toBe(0);
    expect(stderr).toBe('cannot write the debug log: ENOSPC: no space left on device, write\n');
  });

  it('is refused where its folder cannot be written', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    await expect(quiet(file)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      fields: [{ field: 'ACKSTREAM_LOG_DIR' }],
    });
  });

  it('drops what comes after its end, and ends once', async () => {
    const logDir = tempFolder();
    const logger = await quiet(logDir);
    await logger.close();
    logger.info('service.stopped');
    await logger.close();
    expect(linesOf(logDir, 'info')).toEqual([]);
  });
});

describe('a value of a log line', () => {
  async function logged(fields: Record<string, string>): Promise<Record<string, unknown>> {
    const logDir = tempFolder();
    const logger = await quiet(logDir);
    logger.error('request.failed', fields);
    await logger.close();
    return linesOf(logDir, 'error')[0] ?? {};
  }

  it('has no secret where it is a URL', async () => {
    expect(await logged({ callback_url: 'https://u:secret@h/a?token=secret', url: 'http://h/#secret' })).toMatchObject({
      callback_url: 'https://…@h/a?…',
      url: 'http://h/?…',
    });
  });

  it('is not there under the name of a secret', async () => {
    const names = ['authorization', 'callback_headers', 'callback_secret', 'secret', 'token'];
    const line = await logged(Object.fromEntries([...names, 'reason'].map((name) => [name, 'a value'])));
    expect(names.map((name) => line[name])).toEqual(names.map(() => '…'));
    expect(line.reason).toBe('a value');
  });

  it('is cut at 2 KiB, at a whole character', async () => {
    const { reason } = await logged({ reason: '€'.repeat(5000) });
    expect(Buffer.byteLength(String(reason))).toBeLessThan(2060);
    expect(String(reason)).toMatch(/^€+\ufffd?…$/);
  });

  it('holds nothing that a terminal obeys or that ends a line', async () => {
    const logDir = tempFolder();
    const logger = await quiet(logDir);
    logger.error('request.failed', { reason: 'a\u001b[31m\u009b31m\u007f\r\n\u0085\u2028\u202e\ud800' });
    await logger.close();
    const text = readFileSync(join(logDir, 'error', 'error.1.log'), 'utf8');
    expect(text.trimEnd()).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    expect(linesOf(logDir, 'error')).toHaveLength(1);
  });

  const corpus = resolve(process.env.ACKSTREAM_CORPORA ?? '../shared/corpora', 'naughty-strings/blns.json');
  if (!existsSync(corpus)) console.log(`skipped: the naughty strings are not at ${corpus}`);

  it.skipIf(!existsSync(corpus))('may be anything, and the line stays one line of JSON', async () => {
    const strings: string[] = JSON.parse(readFileSync(corpus, 'utf8'));
    const logDir = tempFolder();
    const logger = await quiet(logDir);
    for (const text of strings) logger.error('request.failed', { reason: text, callback_url: text });
    await logger.close();
    const lines = linesOf(logDir, 'error');
    expect(lines).toHaveLength(strings.length);
    expect(lines.filter(({ reason }, index) => reason === strings[index]).length).toBeGreaterThan(400);
  });
});

describe('standard error', () => {
  const code =
    "logger.debug('chunk.planned'); logger.info('attempt.ended', { outcome: 'acknowledged' }); await logger.close();";

  it('shows JSON lines of its level', () => {
    const { stderr } = runWithLogger(tempFolder(), 'json', code);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([{ event: 'attempt.ended', outcome: 'acknowledged' }]);
  });

  it('shows text from outside in one line and without commands to the terminal, whatever field it is in', () => {
    const names = [
      'reason',
      'message',
      'stack',
      'err',
      'error',
      'code',
      'path',
      'url',
      'msg',
      'time',
      'name',
      'hostname',
      'type',
    ];
    const text = 'a\u001b[31m\u009b31m\u001b]0;title\u0007\u007f\r\n\u0085\u2028\u202ez';
    const hostile = names
      .map((name) => `logger.error('request.failed', ${JSON.stringify({ [name]: text })});`)
      .join(' ');
    for (const terminal of ['pretty', 'json'] as const) {
      const { stderr } = runWithLogger(tempFolder(), terminal, `${hostile} await logger.close();`);
      expect(stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
      expect(stderr.split('\n').filter((line) => /^(?:31m|z)/.test(line.trim()))).toEqual([]);
    }
  });

  it('shows text for people', () => {
    const { stderr } = runWithLogger(tempFolder(), 'pretty', code);
    expect(stderr).toContain('INFO: attempt.ended');
    expect(stderr).toContain('outcome: "acknowledged"');
    expect(stderr).not.toContain('chunk.planned');
  });
});
