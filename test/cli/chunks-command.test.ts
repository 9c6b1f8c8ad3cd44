import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import type { LedgerEntry } from '../../src/model/ingestion.ts';
import { INGESTION_ID, NOW, sampleIngestion, sampleLedgerEntry } from '../api/api-under-test.ts';
import { interruptedByWriting } from './command-fixtures.ts';
import { runAgainstFakes } from './faked-api.ts';

/** Runs `ackstream chunks` on an ingestion with this ledger, the pages of which are cut here. */
function chunks(args: readonly string[], all: readonly LedgerEntry[], changes?: Partial<CommandContext>) {
  const reads = {
    getIngestion: () => Promise.resolve(sampleIngestion()),
    listChunks: (
      _id: string,
      { limit, cursor, fromChunk = 0 }: { limit: number; cursor?: string; fromChunk?: number },
    ) => {
      const begin = cursor === undefined ? fromChunk : Number(cursor);
      const end = begin + limit;
      return Promise.resolve({
        items: all.slice(begin, end),
        nextCursor: end < all.length ? String(end) : null,
      });
    },
  };
  return runAgainstFakes(['chunks', INGESTION_ID, ...args], { reads }, changes);
}

const many = Array.from({ length: 250 }, (_, number) => sampleLedgerEntry(number));

describe('ackstream chunks', () => {
  it('shows a row for each: which records, and when it was acknowledged, or why not yet', async () => {
    const acked = { ...sampleLedgerEntry(0), ackedAt: NOW };
    const next = sampleLedgerEntry(1);
    const tried = {
      ...next,
      ackedAt: null,
      attempts: next.attempts.map((attempt) => ({ ...attempt, reason: 'HTTP 503: a\x1b[2J' })),
    };
    const waiting = { ...sampleLedgerEntry(2), ackedAt: null, attempts: [], attemptCount: 0 };
    const { code, out, error } = await chunks([], [acked, tried, waiting]);
    expect(out).toBe(
      [
        'CHUNK  FIRST RECORD  RECORDS  BYTES  CHECKSUM      ATTEMPTS  ACKNOWLEDGED',
        '    0             1      500    250  cccccccccccc         2  2026-03-01 12:00:00',
        '    1           501      500    250  cccccccccccc         2  not yet: HTTP 503: a\\u001b[2J',
        '    2         1,001      500    250  cccccccccccc         0  not yet',
        '',
      ].join('\n'),
    );
    expect({ code, error }).toEqual({ code: 0, error: '' });
  });

  it('shows a hundred from where it is asked to, and says how the next are seen', async () => {
    const first = await chunks([], many);
    expect(first.out.split('\n')).toHaveLength(1 + 100 + 1);
    expect(first.error).toMatch(/^Only 100 are shown; --from 100 /);
    const last = await chunks(['--from', '200'], many);
    expect(last.out).toMatch(/\n {2}200 /);
    expect(last).toMatchObject({ code: 0, error: '' });
  });

  it('prints all of them with --json, one document per line', async () => {
    const { code, out } = await chunks(['--json', '--from', '20'], many);
    const numbers = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).chunk_number);
    expect(numbers).toEqual(many.slice(20).map(({ plan }) => plan.chunkNumber));
    expect(code).toBe(0);
  });

  it('says by its exit code that it printed a part only', async () => {
    const { changes, lines } = interruptedByWriting();
    expect(await chunks(['--json'], many, changes)).toMatchObject({ code: 130, error: '' });
    expect(lines()).toHaveLength(100);
  });

  it('says that there are none', async () => {
    expect(await chunks([], [])).toMatchObject({ code: 0, error: 'There are none.\n' });
  });
});

describe('ackstream circuits', () => {
  const circuits = [
    {
      origin: 'https://a.example',
      state: 'open',
      since: NOW,
      nextProbeAt: NOW + 30_000,
      consecutiveFailures: 1200,
      lastFailure: 'HTTP 503: \u001b[31m',
    },
    {
      origin: 'https://b.example',
      state: 'half-open',
      since: NOW,
      nextProbeAt: null,
      consecutiveFailures: 5,
      lastFailure: null,
    },
  ] as const;
  const run = (args: readonly string[], open: typeof circuits | readonly []) =>
    runAgainstFakes(['circuits', ...args], { circuits: { list: () => open, of: () => null } });

  it('shows who is left alone, and until when', async () => {
    expect(await run([], circuits)).toMatchObject({
      code: 0,
      error: '',
      out: [
        'ORIGIN             STATE      SINCE                NEXT PROBE           FAILURES  WHY',
        'https://a.example  open       2026-03-01 12:00:00  2026-03-01 12:00:30     1,200  HTTP 503: \\u001b[31m',
        'https://b.example  half-open  2026-03-01 12:00:00  under way                   5  –',
        '',
      ].join('\n'),
    });
  });

  it('prints them with --json, one document per line', async () => {
    const { out } = await run(['--json'], circuits);
    const documents = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents.map(({ origin }) => origin)).toEqual(['https://a.example', 'https://b.example']);
    expect(await run(['--json'], [])).toMatchObject({ out: '', error: '' });
  });

  it('says that all are closed', async () => {
    expect(await run([], [])).toMatchObject({ code: 0, error: 'All are closed.\n' });
  });
});
