import assert from 'node:assert/strict';
import Database from 'better-sqlite3';
import type { ShownIngestion, ShownReject } from '../harness/api-client.ts';
import { badPlacesOf, recordsOfFeed } from '../harness/format-feeds.ts';
import type { ScenarioPlan } from './scenario-plan.ts';
import type { ReceiverReport, RecordedAttempt } from './struck-receiver.ts';

/** What both sides say in the end. */
export interface DeliveryEvidence {
  readonly shown: ShownIngestion;
  readonly rejects: readonly ShownReject[];
  readonly report: ReceiverReport;
  readonly attempts: readonly RecordedAttempt[];
  readonly records: readonly string[];
  /** Whether the receiver was made to lose state. */
  readonly wasMadeToForget: boolean;
}

/**
 * Fails unless the receiver has exactly the records of the feed, byte by byte, in order; both sides agree on totals and chain; each bad record is on
 * record once, at its place; and no chunk id was ever sent with two checksums that may both have been stored.
 */
export function judgeDelivery(
  { feed, recordCount, withBad, isLegacy }: ScenarioPlan,
  evidence: DeliveryEvidence,
): void {
  const { shown, rejects, report, attempts, records, wasMadeToForget } = evidence;
  const badPlaces = withBad ? badPlacesOf(feed, recordCount) : [];
  assert.deepEqual(records, recordsOfFeed(feed, recordCount), 'records that arrived, and records of the file');
  assert.deepEqual(
    rejects.map(({ file_index, byte_offset, line }) => ({ file_index, byte_offset, line })),
    badPlaces,
    'bad records on record, and those of the file',
  );
  assert.equal(shown.status, 'COMPLETED');
  const { totals } = shown;
  assert.deepEqual(
    [totals.records, totals.chunks, totals.rejected_records],
    [recordCount, report.chunks, badPlaces.length],
    'totals of the service',
  );
  assert.deepEqual(
    [report.claimed?.total_records, report.claimed?.total_chunks, report.claimed?.rejected_records],
    isLegacy ? [recordCount, null, null] : [recordCount, report.chunks, badPlaces.length],
    'totals of COMPLETED',
  );
  assert.ok(report.verdict_ok, report.verdict);
  assert.equal(report.chain_checksum, shown.chain_checksum, 'chains of both sides');
  assert.equal(report.mismatches, 0, 'mismatches that the receiver met');
  if (!wasMadeToForget) assert.equal(report.out_of_order, 0, 'chunks out of order that the receiver met');
  judgeChecksums(attempts);
}

/** Refusals behind which a chunk may be cut in half: the receiver cannot have it. */
const SURE_REFUSALS: ReadonlySet<string | null> = new Set(['too-large', 'nack']);

/** A chunk may change under its number only while the receiver cannot have it. */
function judgeChecksums(attempts: readonly RecordedAttempt[]): void {
  const sent = new Map<number, { checksum: string | null; mayBeStored: boolean }>();
  for (const { subject, chunkNumber, checksum, answer, fault } of attempts) {
    if (subject !== 'chunk' || chunkNumber === null) continue;
    const before = sent.get(chunkNumber);
    const isSame = before === undefined || before.checksum === checksum;
    assert.ok(isSame || !before.mayBeStored, `chunk ${chunkNumber} was sent with two checksums`);
    const isRefused = answer === null && SURE_REFUSALS.has(fault);
    sent.set(chunkNumber, { checksum, mayBeStored: before?.mayBeStored === true || !isRefused });
  }
}

/** Fails unless SQLite finds the state's file sound. No process works on it any more. */
export function judgeStateFile(path: string): void {
  const database = new Database(path, { readonly: true });
  const verdict = database.pragma('integrity_check', { simple: true });
  database.close();
  assert.equal(verdict, 'ok', 'integrity of the state');
}
