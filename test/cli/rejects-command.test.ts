/** What the commands ask of a service: of the API over fakes, behind a real socket. */
import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import type { Verification } from '../../src/ingestion/verify-service.ts';
import type { RejectEntry } from '../../src/model/ingestion.ts';
import { INGESTION_ID, NOW, sampleIngestion, sampleReject } from '../api/api-under-test.ts';
import { interruptedByWriting } from './command-fixtures.ts';
import { runAgainstFakes } from './faked-api.ts';

describe('ackstream rejects', () => {
  const rejects =
    (...args: readonly string[]) =>
    (all: readonly RejectEntry[], changes?: Partial<CommandContext>) => {
      const reads = {
        getIngestion: () => Promise.resolve(sampleIngestion()),
        listRejects: (_id: string, { limit, cursor }: { limit: number; cursor?: string }) => {
          const end = Number(cursor ?? 0) + limit;
          const nextCursor = end < all.length ? String(end) : null;
          return Promise.resolve({ items: all.slice(end - limit, end), nextCursor });
        },
      };
      return runAgainstFakes(['rejects', INGESTION_ID, ...args], { reads }, changes);
    };
  const many = Array.from({ length: 250 }, (_, index) => sampleReject(index));

  it('shows a row for each: where, what, and why', async () => {
    const raw = Buffer.from(`18;\x1b[2J${'x'.repeat(100)}`);
    const { code, out, error } = await rejects()([
      sampleReject(10),
      sampleReject(20, {
        raw,
        byteLength: raw.length,
        fileIndex: 3,
        error: { code: 'ROW_WIDTH', message: '2 cells in 3 columns', place: { file: '/srv/feeds/b.csv', line: 4 } },
      }),
      sampleReject(30, { raw: Buffer.of(255), byteLength: 9000 }),
    ]);
    expect(out).toBe(
      [
        'FILE    LINE  BYTE  CODE       RECORD                                    WHAT IS WRONG',
        'File 1     4    10  ROW_WIDTH  17;ä                                      2 cells in 3 columns',
        'b.csv      4    20  ROW_WIDTH  18;\\u001b[2Jxxxxxxxxxxxxxxxxxxxxxxxxxxx…  2 cells in 3 columns',
        'File 1     4    30  ROW_WIDTH  (9000 bytes, no UTF-8)                    2 cells in 3 columns',
        '',
      ].join('\n'),
    );
    expect({ code, error }).toEqual({ code: 0, error: '' });
  });

  it.each([
    [
      ['/srv/feeds/shoes/prices.csv', '/srv/feeds/hats/prices.csv', '/srv/feeds/hats/old/prices.csv'],
      ['shoes/prices.csv', 'hats/prices.csv', 'hats/old/prices.csv'],
    ],
    [
      ['/srv/feeds/a.csv', '/srv/feeds/a.csv', '/srv/feeds/b.csv'],
      ['a.csv', 'a.csv', 'b.csv'],
    ],
    [
      ['/srv/a.csv', '/srv/feeds/a.csv'],
      ['a.csv', 'feeds/a.csv'],
    ],
    [
      ['/a.csv', '/feeds/a.csv'],
      ['a.csv', 'feeds/a.csv'],
    ],
    [
      ['/srv/feeds/a.csv', '/srv/feeds-old/a.csv'],
      ['feeds/a.csv', 'feeds-old/a.csv'],
    ],
    [
      ['/srv/feeds/a\u001b.csv', undefined],
      ['a\\u001b.csv', 'File 2'],
    ],
  ])('tells files apart, by the folders that are not those of all: %j', async (paths, names) => {
    const all = paths.map((file, fileIndex) => {
      const place = file === undefined ? { line: 4 } : { file, line: 4 };
      return sampleReject(10, { fileIndex, error: { code: 'ROW_WIDTH', message: 'Too wide', place } });
    });
    const rows = (await rejects()(all)).out.trimEnd().split('\n').slice(1);
    expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(names);
  });

  it('cuts a record off between two characters', async () => {
    const raw = Buffer.from('\u{1f600}'.repeat(41));
    const { out } = await rejects()([sampleReject(10, { raw, byteLength: raw.length })]);
    expect(out).toContain(` ${'\u{1f600}'.repeat(39)}… `);
  });

  it('shows the first hundred and says that there are more', async () => {
    const { out, error } = await rejects()(many);
    expect(out.split('\n')).toHaveLength(1 + 100 + 1);
    expect(error).toContain('Only the first 100 are shown');
  });

  it.each(['--json', '--json'])('prints all of them with %s, one document per line', async (flag) => {
    const { code, out } = await rejects(flag)(many);
    const offsets = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).byte_offset);
    expect(offsets).toEqual(many.map(({ byteOffset }) => byteOffset));
    expect(code).toBe(0);
  });

  it('says by its exit code that it printed a part only, where it is interrupted or nobody reads on', async () => {
    const { changes, lines } = interruptedByWriting();
    const { code, error } = await rejects('--json')(many, changes);
    expect({ code, error }).toEqual({ code: 130, error: '' });
    expect(lines()).toHaveLength(100);
  });

  it('says that there are none', async () => {
    expect(await rejects()([])).toMatchObject({ code: 0, error: 'There are none.\n' });
    expect(await rejects('--json')([])).toMatchObject({ code: 0, out: '' });
  });

  it('says that there is no such ingestion', async () => {
    const reads = { getIngestion: () => Promise.resolve(null) };
    const { code, error } = await runAgainstFakes(['rejects', 'none'], { reads });
    expect(error).toMatch(/^INGESTION_NOT_FOUND: /);
    expect(code).toBe(2);
  });
});

const running: Verification = {
  state: 'running',
  chunkCount: 24,
  verifiedChunkCount: 7,
  verifiedRecordCount: 3500,
  startedAt: NOW,
};

describe('ackstream verify that another has given up', () => {
  it('leaves no line of progress on the terminal beside what it says', async () => {
    const verifications = { start: () => running, find: () => null, forget: () => true };
    const reads = { getIngestion: () => Promise.resolve(sampleIngestion()) };
    const { code, error } = await runAgainstFakes(
      ['verify', INGESTION_ID],
      { verifications, reads },
      { isErrorTerminal: true, clock: { now: () => NOW, sleep: async () => {} } },
    );
    const shown = '\r\u001b[2K7 of 24 chunks, 3,500 records compared\r\u001b[2K';
    expect(error.slice(0, shown.length)).toBe(shown);
    expect(error.slice(shown.length)).toMatch(/^VERIFICATION_NOT_FOUND: /);
    expect(code).toBe(2);
  });
});

describe('ackstream verify that is interrupted', () => {
  /** With a service that has this under way before the command asks; and which verifications it is told to give up. */
  async function interrupted(before: Verification | null) {
    let current = before;
    const givenUp: string[] = [];
    const verifications = {
      start: () => (current = running),
      find: () => current,
      forget: (ingestionId: string) => givenUp.push(ingestionId) > 0,
    };
    const reads = { getIngestion: () => Promise.resolve(sampleIngestion()) };
    const ended = await runAgainstFakes(
      ['verify', INGESTION_ID],
      { verifications, reads },
      { signal: AbortSignal.abort() },
    );
    return { ...ended, givenUp };
  }

  it('has the service give up what it began there', async () => {
    const nothingBefore = [null, { ...running, state: 'done' as const, mismatch: null, endedAt: NOW }];
    for (const before of nothingBefore) {
      expect(await interrupted(before)).toMatchObject({
        code: 130,
        out: 'Interrupted: 7 of 24 chunks, 3,500 records compared so far. The same command compares it all.\n',
        error: '',
        givenUp: [INGESTION_ID],
      });
    }
  });

  it('leaves alone what another began', async () => {
    expect(await interrupted(running)).toMatchObject({
      code: 130,
      error: 'It was begun by another, and the service goes on with it.\n',
      givenUp: [],
    });
  });
});
