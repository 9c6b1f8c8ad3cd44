/** Holds what came of a cell against its row. */
import { expect } from 'vitest';
import type { NextTry, Taken } from './fault.ts';
import { type AttemptRow, WINDOW_MS } from './fault-stage.ts';
import type { ReceivedRequest } from './faulty-receiver.ts';
import { type CellResult, STRIKES_BEFORE_HEALING } from './run-cell.ts';

const MOST_BACKOFF_MS = 60_000;
const REJECTION_DELAYS_MS = [5_000, 30_000];
/** Headers that tell one attempt at a message from another. */
const OF_THE_ATTEMPT = /^(?:ackstream-attempt|ackstream-epoch|webhook-timestamp|webhook-signature)$/;

/** Fails, naming the cell, unless all of it is as the row says. */
export function expectCell(result: CellResult): void {
  const { fault, position, course } = result.cell;
  const taken = fault.takenAt?.[position] ?? fault.taken;
  const label = `${fault.name}, ${position}, ${course}`;
  expectAttempts(result, taken, label);
  expectIdenticalSends(result, taken, label);
  expect(result.finished.status, `${label}: in the end`).toBe('COMPLETED');
  expect(result.isCompleted, `${label}: the receiver was told that it has everything`).toBe(true);
}

/** The outcomes on record, how long was waited between them, and where that led. */
function expectAttempts(
  { cell, ended, attempts, finalAttempts, watchedFailures }: CellResult,
  taken: Taken,
  label: string,
): void {
  const { persisting } = taken;
  const isFault = taken.outcome !== 'acknowledged';
  const most = persisting.attempts === 'window' ? watchedFailures + 1 : persisting.attempts;
  const hasStopped = isFault && (cell.course === 'persists' || most <= STRIKES_BEFORE_HEALING);
  const failureCount = isFault ? Math.min(most, cell.course === 'persists' ? most : STRIKES_BEFORE_HEALING) : 0;

  const failures = Array<string>(failureCount).fill(taken.outcome);
  const acknowledged = ['acknowledged'];
  expect(outcomesOf(attempts), label).toEqual([...failures, ...(hasStopped ? [] : acknowledged)]);
  // What the receiver lost last it goes on to ask for, mended or not.
  const asks = hasStopped && taken.outcome === 'rewind-asked' ? ['rewind-asked'] : [];
  expect(outcomesOf(finalAttempts), `${label}: in the end`).toEqual([...failures, ...asks, ...acknowledged]);
  expect(ended.status, label).toBe(hasStopped ? persisting.status : 'COMPLETED');
  expect(ended.lastError?.code ?? null, label).toBe(hasStopped ? persisting.code : null);

  for (const { provesNotStored, httpStatus } of attempts.slice(0, failureCount)) {
    expect(provesNotStored === 0, `${label}: may be stored`).toBe(taken.mayBeStored);
    if (taken.outcome === 'unavailable' && !taken.mayBeStored) expect([null, 429], label).toContain(httpStatus);
  }
  const isWindowOver = hasStopped && persisting.attempts === 'window';
  expectDelays(attempts.slice(0, isWindowOver ? watchedFailures : undefined), taken.nextTry, label);
  if (isWindowOver) {
    expect(timeFromFirstFailure(attempts), `${label}: tried until the window was over`).toBe(WINDOW_MS);
  }
}

function expectDelays(attempts: readonly AttemptRow[], nextTry: NextTry, label: string): void {
  for (const [index, attempt] of attempts.slice(1).entries()) {
    const delayMs = attempt.begunAt - (attempts[index]?.endedAt ?? Number.NaN);
    const [leastMs, mostMs] = delayWindow(nextTry, index);
    expect(delayMs, `${label}: wait ${index + 1}`).toBeGreaterThanOrEqual(leastMs);
    expect(delayMs, `${label}: wait ${index + 1}`).toBeLessThanOrEqual(mostMs);
  }
}

/** The shortest and the longest wait after the failure of this index, ms. */
function delayWindow(nextTry: NextTry, index: number): readonly [number, number] {
  switch (nextTry.kind) {
    case 'none':
    case 'at once':
      return [0, 0];
    case 'backoff':
      return [0, backoffCeilingMs(index)];
    case 'rejection':
      return [REJECTION_DELAYS_MS[index] ?? Number.NaN, REJECTION_DELAYS_MS[index] ?? Number.NaN];
    case 'asked':
      return [nextTry.leastMs, Math.max(nextTry.mostMs, backoffCeilingMs(index))];
  }
}

/** The most that full jitter waits after the failure of this index, ms. */
export function backoffCeilingMs(index: number): number {
  return Math.min(1_000 * 2 ** index, MOST_BACKOFF_MS);
}

/** Nothing went anywhere else, each message was sent with the same bytes whenever it was, and no more often than is on record. */
function expectIdenticalSends(
  { cell, target, requests, finalAttempts }: CellResult,
  taken: Taken,
  label: string,
): void {
  expect(new Set(requests.map(({ path }) => path)), `${label}: no redirect is followed`).toEqual(
    new Set(['/callback']),
  );
  const byKey = Map.groupBy(requests, ({ headers }) => String(headers['idempotency-key']));
  for (const [key, sends] of byKey) {
    expect(sends.map(attemptOf), `${label}: attempts at ${key}`).toEqual(
      sends.map(attemptOf).toSorted((a, b) => a - b),
    );
    if (isOfTarget(key, target) && taken.outcome === 'too-large' && target !== 'completion') {
      expect(sends.map(recordCountOf).slice(0, 3), `${label}: cut in half`).toEqual([4, 2, 1]);
    } else {
      expect(new Set(sends.map(identityOf)).size, `${label}: ${sends.length} sends of ${key}`).toBe(1);
    }
  }
  const sendCount = requests.filter(({ headers }) => isOfTarget(String(headers['idempotency-key']), target)).length;
  // What breaks earlier than at the answer leaves nothing that could be counted but the send that is acknowledged.
  expect(sendCount, `${label}: sends`).toBe(cell.fault.wire.at === 'answer' ? finalAttempts.length : 1);
}

function isOfTarget(idempotencyKey: string, target: CellResult['target']): boolean {
  return idempotencyKey.endsWith(target === 'completion' ? ':completed"' : `:${target}"`);
}

function outcomesOf(attempts: readonly AttemptRow[]): readonly string[] {
  return attempts.map(({ outcome }) => outcome);
}

function timeFromFirstFailure(attempts: readonly AttemptRow[]): number {
  return (attempts.at(-1)?.begunAt ?? Number.NaN) - (attempts[0]?.endedAt ?? Number.NaN);
}

function attemptOf({ headers }: ReceivedRequest): number {
  return Number(headers['ackstream-attempt']);
}

function recordCountOf({ body }: ReceivedRequest): number {
  return Number(/"record_count":(\d+)/.exec(body.toString())?.[1]);
}

/** All of a request that must not change from one send to the next. */
function identityOf({ headers, body }: ReceivedRequest): string {
  const kept = Object.entries(headers).filter(([name]) => !OF_THE_ATTEMPT.test(name));
  return JSON.stringify([kept, body.toString('base64')]);
}
