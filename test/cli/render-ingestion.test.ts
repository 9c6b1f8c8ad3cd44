import { describe, expect, it } from 'vitest';
import { renderEnd, renderIngestion, renderIngestions } from '../../src/cli/render-ingestion.ts';
import { FAILED_ATTEMPT, INGESTION_ID, RECEIVER_AWAY, viewOf } from './command-fixtures.ts';

const PLAIN = { hasColour: false };

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

/** Open since noon, as the API shows it. */
const circuit = {
  origin: 'https://receiver.example',
  state: 'open',
  since: '2026-03-01T12:00:00.000Z',
  next_probe_at: '2026-03-01T12:00:30.000Z',
  consecutive_failures: 5,
  last_failure: 'HTTP 503',
} as const;

describe('status', () => {
  it('shows an ingestion that runs', () => {
    expect(renderIngestion(viewOf(), PLAIN)).toBe(
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
    const text = renderIngestion(failed, PLAIN);
    expect(text).toContain('last error  READER_SYNTAX: expected a comma\\u001b[2J\n');
    expect(text).toContain('happened    2026-03-01T12:00:10.000Z\n');
    expect(text).toContain('place       line 7, column 3, byte 120\n');
    expect(text).toContain('what to do  Correct the file at this place and send it again.\n');
  });

  it('names the file that is broken, of a folder or a pattern', () => {
    const { last_error: error } = failed;
    const place = { file: '/srv/feeds/b\x1b.json', line: 4, column: 6, byte_offset: 922 };
    const view = viewOf({ ...failed, file_count: 2, last_error: error && { ...error, place } });
    const text = '/srv/feeds/b\\u001b.json, line 4, column 6, byte 922\n';
    expect(renderIngestion(view, PLAIN)).toContain(`place       ${text}`);
    expect(renderEnd(view, PLAIN)).toContain(`place: ${text}`);
  });

  it('shows when it is tried again, and that it is no more than queued but for its failures', () => {
    const view = viewOf({
      status: 'QUEUED',
      last_error: RECEIVER_AWAY,
      next_attempt_at: '2026-03-01T12:00:14.000Z',
    });
    const text = renderIngestion(view, PLAIN);
    expect(text).toContain('next attempt  2026-03-01T12:00:14.000Z\n');
    expect(text).toContain('status        QUEUED, retrying\n');
    expect(renderIngestion({ ...view, next_attempt_at: null }, PLAIN)).toContain('status      QUEUED\n');
  });
});

describe('a circuit that is not closed', () => {
  it('is shown with its next probe', () => {
    expect(renderIngestion(viewOf({ circuit }), PLAIN)).toContain(
      'circuit    open to https://receiver.example since 2026-03-01T12:00:00.000Z, next probe 2026-03-01T12:00:30.000Z: HTTP 503\n',
    );
    const probing = viewOf({ circuit: { ...circuit, state: 'half-open', next_probe_at: null } });
    expect(renderIngestion(probing, PLAIN)).toContain(
      'since 2026-03-01T12:00:00.000Z, a probe is under way: HTTP 503\n',
    );
  });
});

describe('what was set aside', () => {
  const view = viewOf({ file_count: 12, file_type: 'csv', totals: { ...viewOf().totals, rejected_records: 1234 } });

  it('is shown, with how to see it', () => {
    expect(renderIngestion(view, PLAIN)).toContain(
      `set aside  1,234 bad records, see \`ackstream rejects ${INGESTION_ID}\`\n`,
    );
    expect(renderEnd(view, PLAIN)).toContain('\nset aside: 1,234 bad records');
    expect(renderIngestion(viewOf(), PLAIN)).not.toContain('set aside');
  });

  it('is of so many files', () => {
    expect(renderIngestion(view, PLAIN)).toContain('(csv, 12 files)\n');
  });
});

describe('the end of ingest', () => {
  it('names the chain of what was delivered', () => {
    expect(renderEnd(viewOf({ status: 'COMPLETED', percent: 100 }), PLAIN)).toBe(
      `COMPLETED: 12,000 records in 24 chunks acknowledged, 100.0 % of the file\nchain checksum ${'0'.repeat(64)}\ningestion ${INGESTION_ID}\n`,
    );
  });

  it('says why it failed and what to do', () => {
    expect(renderEnd(failed, PLAIN)).toMatch(
      /^FAILED: .*\nlast error: READER_SYNTAX.*\nhappened: 2026-.*\nplace: line 7.*\nwhat to do: Correct/,
    );
  });
});

describe('the last failed attempt', () => {
  const answer = { ...FAILED_ATTEMPT.answer, body: '\n<h1>Down\x1b[2J</h1>\r\nback soon\n' };
  const attempt = { ...FAILED_ATTEMPT, answer };

  it('is shown in full by status, none of it obeyed by the terminal', () => {
    expect(renderIngestion(viewOf(), { ...PLAIN, failed: attempt }).split('\n\n')[1]).toBe(
      [
        'last failed attempt: attempt 4 at chunk 24, ended 2026-03-01T12:00:10.000Z: HTTP 503: Down',
        '  | HTTP 503 Service Unavailable',
        '  | Content-Type: text/html',
        '  | X-Trace: a\\u0000b',
        '  |',
        '  |',
        '  | <h1>Down\\u001b[2J</h1>',
        '  | back soon',
        '  |',
        '',
      ].join('\n'),
    );
  });

  it.each<[string, Partial<typeof answer>, string]>([
    [
      'that is longer than what is kept',
      { is_body_cut: true, body_bytes: 123_456 },
      '(the beginning of 123,456 bytes)',
    ],
    ['that is no text', { body: '//4=', body_encoding: 'base64' }, '(in base64, for it is no UTF-8)\n  | //4='],
    ['that came compressed', { body: '', body_bytes: 900 }, '(900 bytes, compressed, of which none is kept)'],
    ['with more headers than are kept', { are_headers_cut: true }, '(more headers came than are kept)'],
  ])('says so of an answer %s', (_what, changes, text) => {
    const shown = renderIngestion(viewOf(), { ...PLAIN, failed: { ...attempt, answer: { ...answer, ...changes } } });
    expect(shown).toContain(`\n  | ${text}\n`);
  });

  it('says that nobody answered', () => {
    const silent = { ...attempt, chunk_number: null, answer: null, reason: 'connect ECONNREFUSED' };
    expect(renderIngestion(viewOf(), { ...PLAIN, failed: silent })).toMatch(
      /\n\nlast failed attempt: attempt 4 at COMPLETED, ended .*: connect ECONNREFUSED\n {2}no answer came\n$/,
    );
    expect(renderEnd(failed, { ...PLAIN, failed: silent })).not.toContain('answered');
  });

  it('is told at the end by its status and first line, and where the rest is', () => {
    const lines = renderEnd(failed, { ...PLAIN, failed: attempt }).split('\n');
    expect(lines.slice(-4)).toEqual([
      'the receiver answered: HTTP 503 Service Unavailable: <h1>Down\\u001b[2J</h1>',
      `all of it: ackstream status ${INGESTION_ID}`,
      `ingestion ${INGESTION_ID}`,
      '',
    ]);
  });
});

describe('list', () => {
  const OUTSIDE = { ...PLAIN, columns: null };

  it('shows a row for each ingestion with its whole id', () => {
    expect(renderIngestions([viewOf(), viewOf({ status: 'COMPLETED', percent: 100 })], OUTSIDE)).toBe(
      [
        `INGESTION${' '.repeat(57)}STATUS         %  RECORDS  ASKED FOR            FILE`,
        `${INGESTION_ID}  RUNNING     50.0   12,000  2026-03-01 12:00:00  /srv/feeds/products.json`,
        `${INGESTION_ID}  COMPLETED  100.0   12,000  2026-03-01 12:00:00  /srv/feeds/products.json`,
        '',
      ].join('\n'),
    );
  });

  const waiting = viewOf({ ingestion_id: 'a', status: 'QUEUED', percent: 0 });
  const retrying = viewOf({
    ...waiting,
    ingestion_id: 'b',
    last_error: { ...RECEIVER_AWAY, message: `HTTP 503: ${'down '.repeat(20)}` },
    next_attempt_at: '2026-03-01T12:00:14.000Z',
  });
  /** Status and reason of each row. */
  const told = (views: readonly (typeof waiting)[], columns: number | null) =>
    renderIngestions(views, { ...PLAIN, columns })
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => [
        /(?:QUEUED|RUNNING|FAILED)(?:, retrying)?/.exec(line)?.[0],
        line.replace(/^.*products\.json */, ''),
      ]);

  it('tells what is tried again and again from what waits for its turn, and why anything stands', () => {
    const resumed = { ...failed, status: 'RUNNING' as const };
    expect(told([waiting, retrying, failed, resumed], null)).toEqual([
      ['QUEUED', ''],
      ['QUEUED, retrying', `HTTP 503: ${'down '.repeat(20)}`.trimEnd()],
      ['FAILED', 'expected a comma\\u001b[2J'],
      ['RUNNING', ''],
    ]);
  });

  it('cuts the reason so that a line is one line of the terminal, as far as there is room for any of it', () => {
    const lines = renderIngestions([waiting, retrying], { ...PLAIN, columns: 120 }).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBe(119);
    expect(told([waiting, retrying], 120)[1]?.[1]).toMatch(/^HTTP 503: down.*…$/);
    expect(told([waiting, retrying], 80)[1]?.[1]).toBe('HTTP 503:…');
  });

  it('says of what waits for a circuit why that is open', () => {
    expect(told([{ ...waiting, circuit, next_attempt_at: circuit.next_probe_at }], null)).toEqual([
      ['QUEUED, retrying', 'HTTP 503'],
    ]);
  });
});
