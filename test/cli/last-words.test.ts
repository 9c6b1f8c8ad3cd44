import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

/** Ends a process that logs its last words by this code; its exit code, and what it wrote. */
async function endBy(code: string): Promise<{ readonly exitCode: unknown; readonly output: string }> {
  const module = new URL('../../src/cli/last-words.ts', import.meta.url).href;
  const script = `
    import { logLastWords } from ${JSON.stringify(module)};
    const log = (event, fields) => console.log(event, fields.origin, fields.message, typeof fields.stack);
    logLastWords({ debug: log, info: log, warn: log, error: log });
    setTimeout(() => console.log('went on'), 50);
    ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, NODE_OPTIONS: '--unhandled-rejections=warn' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { exitCode, output };
}

describe('a process that nobody saves', () => {
  it.each([
    [
      'a rejection that nobody handles',
      `void Promise.reject(new Error('lost'));`,
      /^process\.failed \w+ lost string\n$/,
    ],
    [
      'an exception that nobody catches',
      `queueMicrotask(() => { throw new Error('thrown'); });`,
      /^process\.failed uncaughtException thrown string\n$/,
    ],
    ['a rejection that is no error', `void Promise.reject('a text');`, /^process\.failed \w+ .*a text.* \w+\n$/],
  ])('logs %s, and ends', async (_, code, expected) => {
    const { exitCode, output } = await endBy(code);
    expect(output).toMatch(expected);
    expect(exitCode).not.toBe(0);
  });
});
