import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { recordedContext } from './command-fixtures.ts';

const hasFullDevice = existsSync('/dev/full');
if (!hasFullDevice) console.log('generate: there is no /dev/full; no disk is full');

/** Runs `ackstream generate` with arguments parted by spaces. */
async function generate(line: string, changes: Partial<CommandContext> = {}) {
  const { context, written } = recordedContext(changes);
  const exitCode = await runCommandLine(['generate', ...line.split(' ')], context);
  return { exitCode, ...written, feed: Buffer.concat(written.bytes).toString() };
}

describe('ackstream generate', () => {
  it('writes to standard output, and nothing else', async () => {
    const { exitCode, feed, out, error } = await generate('--format ndjson --records 3');
    expect(feed.trim().split('\n')).toHaveLength(3);
    expect({ exitCode, out, error }).toEqual({ exitCode: 0, out: '', error: '' });
  });

  it('writes a file, relative to where it is run, and says what is in it', async () => {
    const cwd = tempFolder();
    const { exitCode, out, error } = await generate('--format csv --records 1200 --out feed.csv', { cwd });
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' });
    const { size } = statSync(join(cwd, 'feed.csv'));
    expect(out).toBe(`1,200 records, ${size.toLocaleString('en')} bytes: ${join(cwd, 'feed.csv')}\n`);
  });

  it('says it as JSON where asked to, beside a feed on standard output on standard error', async () => {
    const cwd = tempFolder();
    const asked = '--format json --records 2 --seed 9 --json';
    const toFile = await generate(`${asked} --out feed.json`, { cwd });
    const path = join(cwd, 'feed.json');
    const summary = { format: 'json', records: 2, seed: 9, bytes: statSync(path).size };
    expect(JSON.parse(toFile.out)).toEqual({ path, ...summary });
    const toOutput = await generate(`${asked} --out -`);
    expect(toOutput.feed).toBe(readFileSync(path, 'utf8'));
    expect(JSON.parse(toOutput.error)).toEqual({ path: null, ...summary });
  });

  it('compresses', async () => {
    const cwd = tempFolder();
    await generate('--format xml --records 5 --compress zst --out feed.xml.zst', { cwd });
    expect(readFileSync(join(cwd, 'feed.xml.zst')).readUInt32LE(0)).toBe(0xfd2fb528);
  });

  it('writes over a file only by force', async () => {
    const cwd = tempFolder();
    const path = join(cwd, 'feed.csv');
    writeFileSync(path, 'mine');
    const refused = await generate('--format csv --records 1 --out feed.csv', { cwd });
    expect(refused.exitCode).toBe(2);
    expect(refused.error).toContain('--force');
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect((await generate('--format csv --records 1 --out feed.csv --force', { cwd })).exitCode).toBe(0);
    expect(readFileSync(path, 'utf8')).toMatch(/^id,sku,/);
  });

  it('removes what it wrote when it is interrupted', async () => {
    const cwd = tempFolder();
    const stop = new AbortController();
    const path = join(cwd, 'feed.json');
    let wasThere = false;
    const clock = {
      now() {
        wasThere ||= existsSync(path);
        stop.abort();
        return 0;
      },
      sleep: () => Promise.resolve(),
    };
    const changes = { cwd, signal: stop.signal, isErrorTerminal: true, clock };
    const { exitCode, out } = await generate('--format json --records 1000000000 --out feed.json', changes);
    expect({ exitCode, out, wasThere, isThere: existsSync(path) }).toEqual({
      exitCode: 130,
      out: '',
      wasThere: true,
      isThere: false,
    });
  });

  it('fails where nothing more can be written', async () => {
    const standardOutput = new Writable({ write: (_bytes, _encoding, done) => done(new Error('no space left')) });
    const { exitCode, error } = await generate('--format excel --records 10', { standardOutput });
    expect(exitCode).toBe(1);
    expect(error).toContain('no space left');
  });

  it('says where it cannot write, and what to do', async () => {
    const { exitCode, error } = await generate('--format csv --records 1 --out /no/such/folder/feed.csv');
    expect(exitCode).toBe(1);
    expect(error).toMatch(/^OUTPUT_UNWRITABLE: \/no\/such\/folder\/feed\.csv cannot be written: ENOENT/);
  });

  it.runIf(hasFullDevice)('says so of a disk that is full', async () => {
    const { exitCode, error } = await generate('--format csv --records 1 --force --out /dev/full');
    expect(exitCode).toBe(1);
    expect(error).toMatch(/^OUTPUT_UNWRITABLE: \/dev\/full cannot be written: ENOSPC/);
  });

  it('shows a person how far it is, and leaves nothing of that behind', async () => {
    let now = 0;
    const clock = { now: () => (now += 150), sleep: () => Promise.resolve() };
    const { error } = await generate('--format tsv --records 2000', { isErrorTerminal: true, clock });
    expect(error).toContain('1,001 of 2,000 records');
    expect(error.endsWith('\r\u001b[2K')).toBe(true);
  });

  it.each([
    ['--records 1', "'--format <format>' not specified"],
    ['--format csv', "'--records <n>' not specified"],
    ['--format doc --records 1', 'It must be one of json, ndjson, csv, tsv, excel, xml'],
    ['--format csv --records -1', 'It must be a whole number'],
    ['--format csv --records 1.5', 'It must be a whole number'],
    ['--format csv --records 1 --compress rar', 'It must be one of gz, zst'],
    ['--format csv --records 1 feed.csv', 'Too many arguments'],
  ])('refuses %s', async (line, problem) => {
    const { exitCode, feed, error } = await generate(line);
    expect({ exitCode, feed }).toEqual({ exitCode: 2, feed: '' });
    expect(error).toContain(problem);
  });
});
