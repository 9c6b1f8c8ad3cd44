import { Writable } from 'node:stream';
import type { CommandContext } from '../../src/cli/command.ts';
import type { FailedAttemptView, IngestionView } from '../../src/cli/service-client.ts';
import { systemClock } from '../../src/system-clock.ts';

/** The ids of docs/protocol.md. */
const FILE_ID = '92acf69559533fd7171c7f80834b38f3656bff2296e1924122526f5a901eec8d';
/** See {@link FILE_ID}. */
export const INGESTION_ID = '810ba930073cbac56a41b756b443a9cf0407396ac43bf4f59e40737b25fe8bba';

/** An ingestion half delivered, with what a test says otherwise. */
export function viewOf(changes: Partial<IngestionView> = {}): IngestionView {
  return {
    ingestion_id: INGESTION_ID,
    file_id: FILE_ID,
    version: 'resume',
    file_path: '/srv/feeds/products.json',
    file_type: 'json',
    file_count: 1,
    format: { encoding: null },
    record_path: '',
    number_form: 'exact',
    on_bad_record: 'fail',
    max_bad_records: null,
    callback_url: 'https://receiver.example/callback',
    callback_header_names: [],
    status_url: null,
    chunk_size_by_records: 500,
    chunk_size_by_memory: 0,
    retry: { window: '72h', max_delay: '60s' },
    status: 'RUNNING',
    epoch: 1,
    totals: { records: 12_000, chunks: 24, rejected_records: 0, source_bytes: 6_000_000, source_size: 12_000_000 },
    percent: 50,
    records_per_second: 3400,
    eta_seconds: 12,
    chain_checksum: '0'.repeat(64),
    last_error: null,
    next_attempt_at: null,
    circuit: null,
    created_at: '2026-03-01T12:00:00.000Z',
    updated_at: '2026-03-01T12:00:10.000Z',
    run_started_at: '2026-03-01T12:00:01.000Z',
    completed_at: null,
    ...changes,
  };
}

/** A last error of an ingestion whose receiver is away. */
export const RECEIVER_AWAY: NonNullable<IngestionView['last_error']> = {
  code: 'ATTEMPT_FAILED',
  message: 'connect ECONNREFUSED',
  what_to_do: 'Nothing: it is tried again by itself.',
  at: '2026-03-01T12:00:10.000Z',
};

/** An attempt at the chunk that {@link viewOf} is to deliver next. */
export const FAILED_ATTEMPT: FailedAttemptView & { readonly answer: NonNullable<FailedAttemptView['answer']> } = {
  ingestion_id: INGESTION_ID,
  chunk_number: 24,
  attempt: 4,
  epoch: 1,
  begun_at: '2026-03-01T12:00:09.000Z',
  ended_at: '2026-03-01T12:00:10.000Z',
  duration_ms: 1000,
  outcome: 'unavailable',
  http_status: 503,
  reason: 'HTTP 503: Down',
  answer: {
    http_status: 503,
    headers: [
      { name: 'Content-Type', value: 'text/html' },
      { name: 'X-Trace', value: 'a\0b' },
    ],
    are_headers_cut: false,
    body: '<h1>Down</h1>',
    body_encoding: 'utf-8',
    body_bytes: 13,
    is_body_cut: false,
  },
};

/** For a command that is interrupted, or whose reader goes, when it has written something: its first `write` is its last that counts. */
export function interruptedByWriting() {
  const interruption = new AbortController();
  const printed: string[] = [];
  const write = (text: string) => {
    printed.push(text);
    interruption.abort();
  };
  return { changes: { signal: interruption.signal, write }, lines: () => printed.join('').trimEnd().split('\n') };
}

/** A context whose output is collected. */
export function recordedContext(changes: Partial<CommandContext> = {}) {
  const written = { out: '', error: '', bytes: [] as Buffer[] };
  const context: CommandContext = {
    env: {},
    cwd: '/nowhere',
    write: (text) => {
      written.out += text;
    },
    writeError: (text) => {
      written.error += text;
    },
    standardOutput: new Writable({
      write(bytes: Buffer, _encoding, done) {
        written.bytes.push(bytes);
        done();
      },
    }),
    readStandardInput: () => Promise.resolve(''),
    terminalColumns: () => null,
    hasColour: false,
    isErrorTerminal: false,
    ask: null,
    signal: new AbortController().signal,
    clock: systemClock,
    ...changes,
  };
  return { context, written };
}
