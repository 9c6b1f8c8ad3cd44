/** The judge must not be one that finds everything good. */
import { describe, expect, it } from 'vitest';
import { badPlacesOf, recordsOfFeed } from '../harness/format-feeds.ts';
import { type DeliveryEvidence, judgeDelivery } from './judge-delivery.ts';
import { planScenario } from './scenario-plan.ts';
import type { RecordedAttempt } from './struck-receiver.ts';

/** With bad records, to a receiver of the reference dialect. */
const plan = { ...planScenario(1, 0), recordCount: 20 };
const records = recordsOfFeed(plan.feed, plan.recordCount);

function attempt(change: Partial<RecordedAttempt>): RecordedAttempt {
  return { subject: 'chunk', chunkNumber: 0, checksum: 'a', answer: 'stored', fault: null, ...change };
}

/** A delivery of two chunks that went well. */
function soundEvidence(): DeliveryEvidence {
  const rejects = badPlacesOf(plan.feed, plan.recordCount).map((place) => ({
    ...place,
    byte_length: 1,
    code: 'DUPLICATE_KEY',
    chunk_number: 0,
    raw_text: null,
  }));
  const totals = { records: plan.recordCount, chunks: 2, rejected_records: rejects.length };
  return {
    shown: {
      ingestion_id: 'i',
      status: 'COMPLETED',
      epoch: 1,
      callback_url: 'http://127.0.0.1/',
      record_path: null,
      totals,
      last_error: null,
      next_attempt_at: null,
      chain_checksum: 'c',
    },
    rejects,
    report: {
      records: plan.recordCount,
      chunks: 2,
      duplicates: 1,
      out_of_order: 0,
      mismatches: 0,
      verdict_ok: true,
      verdict: 'COMPLETE',
      chain_checksum: 'c',
      claimed: { total_records: plan.recordCount, total_chunks: 2, rejected_records: rejects.length },
      answers: {},
    },
    attempts: [attempt({}), attempt({ answer: 'duplicate' }), attempt({ chunkNumber: 1, checksum: 'b' })],
    records,
    wasMadeToForget: false,
  };
}

const judge = (change: Partial<DeliveryEvidence>) => () => judgeDelivery(plan, { ...soundEvidence(), ...change });

describe('the judge of a delivery', () => {
  const sound = soundEvidence();
  const { shown, report } = sound;

  it('finds one good that is', () => {
    expect(judge({})).not.toThrow();
  });

  it.each<[string, Partial<DeliveryEvidence>]>([
    ['a record was lost', { records: records.slice(1) }],
    ['a record came twice', { records: [...records.slice(0, 1), ...records] }],
    ['two records changed places', { records: [...records.slice(0, 18), ...records.slice(18).toReversed()] }],
    ['a byte is another one', { records: records.with(3, (records[3] ?? '').replace('fein', 'feim')) }],
    ['a bad record is not on record', { rejects: sound.rejects.slice(1) }],
    ['a bad record is on record twice', { rejects: [...sound.rejects.slice(0, 1), ...sound.rejects] }],
    ['it is not completed', { shown: { ...shown, status: 'RUNNING' } }],
    ['the service counts otherwise', { shown: { ...shown, totals: { ...shown.totals, records: 21 } } }],
    ['the service has another chain', { shown: { ...shown, chain_checksum: 'd' } }],
    ['COMPLETED claims otherwise', { report: { ...report, claimed: { ...shownClaim(), total_chunks: 3 } } }],
    ['COMPLETED was never taken', { report: { ...report, claimed: null } }],
    ['the receiver finds fault', { report: { ...report, verdict_ok: false } }],
    ['the receiver met a gap', { report: { ...report, out_of_order: 1 } }],
    ['the receiver met a wrong checksum', { report: { ...report, mismatches: 1 } }],
    ['a stored chunk came with another checksum', { attempts: [attempt({}), attempt({ checksum: 'z' })] }],
    [
      'a chunk that was perhaps stored came with another checksum',
      { attempts: [attempt({ answer: null, fault: 'reset' }), attempt({ checksum: 'z' })] },
    ],
    [
      'a chunk that was stored once, and then refused, came with another checksum',
      { attempts: [attempt({}), attempt({ answer: null, fault: 'too-large' }), attempt({ checksum: 'z' })] },
    ],
  ])('finds one bad in which %s', (_what, change) => {
    expect(judge(change)).toThrow(expect.objectContaining({ code: 'ERR_ASSERTION' }));
  });

  it('finds no fault with a chunk that was cut while the receiver could not have it', () => {
    const attempts = [attempt({ answer: null, fault: 'too-large' }), attempt({ checksum: 'z' })];
    expect(judge({ attempts })).not.toThrow();
  });

  function shownClaim() {
    return { total_records: 20, total_chunks: 2, rejected_records: sound.rejects.length };
  }
});
