import { describe, expect, it } from 'vitest';
import { renderEnd, renderIngestion, renderIngestions } from '../../src/cli/render-ingestion.ts';
import { INGESTION_ID, RECEIVER_AWAY, viewOf } from './command-fixtures.ts';

const failed = viewOf({
  status: 'FAILED',
  records_per_second: null,
  eta_seconds: null,
  last_error: {
    code: 'READER_SYNTAX',
    message: 'expected a comma\x1b[2J',
    what_to_do: 'Correct the file at this place and send it again.',
    at: '2026-03-01T12:00:10.000Z',
    place: { line: 7, column: 3, byte_offset: 120 },
  },
});

describe('status', () => {
  it('shows an ingestion that runs', () => {
    expect(renderIngestion(viewOf(), false)).toBe(
      [
        `ingestion  ${INGESTION_ID}`,
        'status     RUNNING',
        'file       /srv/feeds/products.json (json)',
        'callback   https://receiver.example/callback',
        'asked for  2026-03-01T12:00:00.000Z',
        'delivered  12,000 records in 24 chunks acknowledged, 50.0 % of the file',
        `chain      ${'0'.repeat(64)}`,
        'speed      3,400 records/s',
        'ready in   0:12',
        '',
      ].join('\n'),
    );
  });

  it('shows an error with its place and what to do', () => {
    const text = renderIngestion(failed, false);
    expect(text).toContain('last error  READER_SYNTAX: expected a comma\\u001b[2J\n');
    expect(text).toContain('place       line 7, column 3, byte 120\n');
    expect(text).toContain('what to do  Correct the file at this place and send it again.\n');
  });

  it('shows when it is tried again', () => {
    const view = viewOf({ last_error: RECEIVER_AWAY, next_attempt_at: '2026-03-01T12:00:14.000Z' });
    expect(renderIngestion(view, false)).toContain('next attempt  2026-03-01T12:00:14.000Z\n');
  });
});

describe('a circuit that is not closed', () => {
  const circuit = {
    origin: 'https://receiver.example',
    state: 'open',
    since: '2026-03-01T12:00:00.000Z',
    next_probe_at: '2026-03-01T12:00:30.000Z',
    consecutive_failures: 5,
  } as const;

  it('is shown with its next probe', () => {
    expect(renderIngestion(viewOf({ circuit }), false)).toContain(
      'circuit    open to https://receiver.example since 2026-03-01T12:00:00.000Z, next probe 2026-03-01T12:00:30.000Z\n',
    );
    const probing = viewOf({ circuit: { ...circuit, state: 'half-open', next_probe_at: null } });
    expect(renderIngestion(probing, false)).toContain('since 2026-03-01T12:00:00.000Z, a probe is under way\n');
  });
});

describe('what was set aside', () => {
  const view = viewOf({ file_count: 12, file_type: 'csv', totals: { ...viewOf().totals, rejected_records: 1234 } });

  it('is shown, with how to see it', () => {
    expect(renderIngestion(view, false)).toContain(
      `set aside  1,234 bad records, see \`ackstream rejects ${INGESTION_ID}\`\n`,
    );
    expect(renderEnd(view, false)).toContain('\nset aside: 1,234 bad records');
    expect(renderIngestion(viewOf(), false)).not.toContain('set aside');
  });

  it('is of so many files', () => {
    expect(renderIngestion(view, false)).toContain('(csv, 12 files)\n');
  });
});

describe('the end of ingest', () => {
  it('names the chain of what was delivered', () => {
    expect(renderEnd(viewOf({ status: 'COMPLETED', percent: 100 }), false)).toBe(
      `COMPLETED: 12,000 records in 24 chunks acknowledged, 100.0 % of the file\nchain checksum ${'0'.repeat(64)}\ningestion ${INGESTION_ID}\n`,
    );
  });

  it('says why it failed and what to do', () => {
    expect(renderEnd(failed, false)).toMatch(
      /^FAILED: .*\nlast error: READER_SYNTAX.*\nplace: line 7.*\nwhat to do: Correct/,
    );
  });
});

describe('list', () => {
  it('shows a row for each ingestion with its whole id', () => {
    expect(renderIngestions([viewOf(), failed], false)).toBe(
      [
        `INGESTION${' '.repeat(57)}STATUS      %  RECORDS  ASKED FOR            FILE`,
        `${INGESTION_ID}  RUNNING  50.0   12,000  2026-03-01 12:00:00  /srv/feeds/products.json`,
        `${INGESTION_ID}  FAILED   50.0   12,000  2026-03-01 12:00:00  /srv/feeds/products.json`,
        '',
      ].join('\n'),
    );
  });
});
