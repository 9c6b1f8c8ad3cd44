import { describe, expect, it } from 'vitest';
import { EVENTS, type IngestionEvent, nextStatus, STATUSES, type Status } from '../../src/model/ingestion.ts';

/** Every pair, written out a second time: `-` is refused. */
const EXPECTED: Readonly<Record<Status, readonly (Status | '-')[]>> = {
  // claim, release, pause, resume, cancel, fail, complete
  QUEUED: ['RUNNING', '-', 'PAUSED', '-', 'CANCELLED', '-', '-'],
  RUNNING: ['-', 'QUEUED', 'PAUSED', '-', 'CANCELLED', 'FAILED', 'COMPLETED'],
  PAUSED: ['-', '-', '-', 'QUEUED', 'CANCELLED', '-', '-'],
  COMPLETED: ['-', '-', '-', 'QUEUED', '-', '-', '-'],
  FAILED: ['-', '-', '-', 'QUEUED', 'CANCELLED', '-', '-'],
  CANCELLED: ['-', '-', '-', 'QUEUED', '-', '-', '-'],
};
const COLUMNS: readonly IngestionEvent[] = ['claim', 'release', 'pause', 'resume', 'cancel', 'fail', 'complete'];

const PAIRS = STATUSES.flatMap((status) =>
  COLUMNS.map((event, column) => [status, event, EXPECTED[status][column] ?? 'missing'] as const),
);

describe('the moves of an ingestion', () => {
  it('are written out for every status and event', () => {
    expect(new Set(COLUMNS)).toEqual(new Set(EVENTS));
    expect(PAIRS).toHaveLength(STATUSES.length * EVENTS.length);
  });

  it.each(PAIRS)('%s + %s → %s', (status, event, expected) => {
    expect(nextStatus(status, event) ?? '-').toBe(expected);
  });

  it('can bring back every ingestion that stopped', () => {
    const ended = STATUSES.filter((status) => nextStatus(status, 'claim') === undefined && status !== 'RUNNING');
    expect(ended.map((status) => nextStatus(status, 'resume'))).toEqual(ended.map(() => 'QUEUED'));
  });
});
