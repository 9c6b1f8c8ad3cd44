import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ServiceError } from '../../../src/errors.ts';
import { CHAIN_START, type PlannedChunk } from '../../../src/model/chunk.ts';
import { type Ingestion, type LedgerEntry, LISTED_ATTEMPTS, type RejectEntry } from '../../../src/model/ingestion.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { nextChainChecksum } from '../../../src/protocol/checksum.ts';
import type { BegunAttemptRow, PlanToRecord, RunKey } from '../../../src/state/run-writes.ts';
import {
  badRecordAt,
  ledgerOf,
  NOW,
  planAfter,
  rejectsOf,
  sampleIngestion,
  stored,
  submitted,
} from '../../state/sample-state.ts';
import type { OpenedStateStore, Subject } from './subject.ts';

/** Records of the property's source: with chunks of eight or fewer its end is within reach. */
const TOTAL_RECORDS = 40;
const LARGEST_CHUNK = 8;

const STEPS = [
  'claim',
  'plan',
  'fail',
  'ack',
  'ack with next',
  'ack and begin',
  'ack after pause',
  'rewind',
  'halve',
  'take epoch',
  'release',
  'pause',
  'resume',
  'cancel',
  'crash',
  'complete',
] as const;
type Step = (typeof STEPS)[number];

/** The steps that bring an ingestion on come more often, so that sequences get somewhere. */
const steps = fc.array(
  fc.record({
    step: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom<Step>('claim', 'plan', 'ack', 'ack with next', 'ack and begin') },
      { weight: 2, arbitrary: fc.constantFrom<Step>(...STEPS) },
    ),
    choice: fc.nat(99),
  }),
  { minLength: 10, maxLength: 45 },
);

const OUTCOMES: readonly Outcome[] = [
  { kind: 'unknown', reason: 'reset', httpStatus: null },
  { kind: 'too-large', reason: '413' },
  { kind: 'unavailable', reason: 'refused', httpStatus: null, retryAfterMs: null },
];

/** One sequence of events on one ingestion, each carried out only where its caller could. */
class Play {
  readonly #opened: OpenedStateStore;
  readonly #ingestionId: string;
  #run: RunKey;
  #now = NOW;
  /** The attempt that began with the last acknowledgement, until it ends. */
  #begun: BegunAttemptRow | null = null;

  constructor(opened: OpenedStateStore, ingestionId: string) {
    this.#opened = opened;
    this.#ingestionId = ingestionId;
    this.#run = { ingestionId, epoch: 0 };
  }

  async carryOut(step: Step, choice: number): Promise<void> {
    this.#now += 1;
    try {
      await this.#dispatch(step, choice);
    } catch (error) {
      // What an overtaken run or a person may be told; that nothing is written then shows in the invariants.
      const isRefusal = error instanceof ServiceError && ['RUN_OVERTAKEN', 'MOVE_NOT_ALLOWED'].includes(error.code);
      if (!isRefusal) throw error;
    }
  }

  async #dispatch(step: Step, choice: number): Promise<unknown> {
    const { store } = this.#opened;
    const now = this.#now;
    switch (step) {
      case 'claim': {
        const claimed = await store.claimNext({ now, excludedIds: [] });
        if (claimed === null) return;
        this.#run = { ingestionId: claimed.ingestionId, epoch: claimed.epoch };
        this.#begun = null;
        return;
      }
      case 'plan': {
        const next = await this.#nextPlan(choice);
        return next === null ? undefined : store.planChunk(this.#run, withRejects(next), now);
      }
      case 'take epoch':
        this.#run = { ...this.#run, epoch: await store.takeEpochAbove(this.#run, choice) };
        return;
      case 'release':
        return store.releaseRun(this.#run, null, now);
      case 'pause':
      case 'resume':
      case 'cancel':
        return store.applyEvent(this.#ingestionId, step, now);
      case 'crash':
        await this.#opened.reopen();
        this.#begun = null;
        return this.#opened.store.recoverAtStart(now);
      case 'fail':
      case 'ack':
      case 'ack with next':
      case 'ack and begin':
      case 'ack after pause':
      case 'rewind':
      case 'halve':
      case 'complete':
        return this.#deliver(step, choice);
    }
  }

  async #deliver(step: Step, choice: number): Promise<unknown> {
    const { store } = this.#opened;
    const [run, now] = [this.#run, this.#now];
    const { checkpoint, highestPlannedChunk, highestAckedChunk, retry } = await stored(store, this.#ingestionId);
    const { nextChunkNumber } = checkpoint;
    if (step === 'rewind') {
      return nextChunkNumber === 0 || this.#begun !== null
        ? undefined
        : store.rewindTo(run, choice % nextChunkNumber, now);
    }
    if (step === 'complete') {
      if (!checkpoint.isAtEnd || nextChunkNumber <= highestPlannedChunk) return;
      const { attempt } = await store.beginAttempt(run, 'completion', now);
      return store.completeRun(run, attempt, now);
    }
    if (nextChunkNumber > highestPlannedChunk) return;
    const { attempt, isCertainlyNotStored } = this.#begun ?? (await store.beginAttempt(run, nextChunkNumber, now));
    this.#begun = null;
    if (step === 'fail' || step === 'halve') {
      const outcome = step === 'halve' ? OUTCOMES[1] : OUTCOMES[choice % OUTCOMES.length];
      if (outcome === undefined) return;
      await store.recordFailure(run, nextChunkNumber, { attempt, outcome, retry, nextAttemptAt: null, now });
      const half = await this.#halfOf(nextChunkNumber);
      const isCut = step === 'halve' && isCertainlyNotStored && nextChunkNumber === highestPlannedChunk;
      return isCut && half !== null ? store.replacePlan(run, withRejects(half), half.plan.byteCount, now) : undefined;
    }
    if (step === 'ack after pause') await store.applyEvent(this.#ingestionId, 'pause', now);
    const isNextUnplanned = nextChunkNumber === highestPlannedChunk && nextChunkNumber > highestAckedChunk;
    const isNextWanted = step === 'ack with next' || step === 'ack and begin';
    const next = isNextWanted && isNextUnplanned ? await this.#nextPlan(choice) : null;
    const beginsNext = step === 'ack and begin' && (next !== null || nextChunkNumber < highestPlannedChunk);
    const ack = { chunkNumber: nextChunkNumber, attempt, next: next && withRejects(next), beginsNext, now };
    this.#begun = (await store.recordAck(run, ack)).begun;
    return;
  }

  async #nextPlan(choice: number): Promise<PlannedChunk | null> {
    const { store } = this.#opened;
    const { highestPlannedChunk } = await stored(store, this.#ingestionId);
    const previous = await store.getPlan(this.#ingestionId, highestPlannedChunk);
    if (previous?.plan.isLast === true) return null;
    const offset = previous === null ? 0 : previous.plan.recordOffset + previous.plan.recordCount;
    const recordCount = Math.min(1 + (choice % LARGEST_CHUNK), TOTAL_RECORDS - offset);
    return planAfter(previous, recordCount, offset + recordCount === TOTAL_RECORDS);
  }

  async #halfOf(chunkNumber: number): Promise<PlannedChunk | null> {
    const { store } = this.#opened;
    const whole = await store.getPlan(this.#ingestionId, chunkNumber);
    if (whole === null || whole.plan.recordCount === 1) return null;
    return planAfter(await store.getPlan(this.#ingestionId, chunkNumber - 1), Math.ceil(whole.plan.recordCount / 2));
  }
}

/** A plan with the bad records in its stretch of the source: behind every third record one. */
function withRejects(planned: PlannedChunk): PlanToRecord {
  return { planned, rejects: badOffsetsIn(planned).map((offset) => badRecordAt(offset + 0.5)) };
}

function badOffsetsIn({ plan }: Pick<PlannedChunk, 'plan'>): number[] {
  const offsets = Array.from({ length: plan.recordCount }, (_, index) => plan.recordOffset + index);
  return offsets.filter((offset) => offset % 3 === 0);
}

/** All met on the way to what is planned are there, each once, and counted. What was met ahead of a plan that was halved may be there already. */
function expectSoundRejects(
  ingestion: Ingestion,
  ledger: readonly LedgerEntry[],
  rejects: readonly RejectEntry[],
): void {
  expect(ingestion.rejectedRecords).toBe(rejects.length);
  const bytesOf = (offsets: readonly number[]) =>
    offsets.map((offset) => badRecordAt(offset + 0.5).position.byteOffset);
  const found = rejects.map(({ byteOffset }) => byteOffset);
  const met = bytesOf(ledger.flatMap(badOffsetsIn));
  expect(found.slice(0, met.length)).toEqual(met);
  expect(new Set(found).size).toBe(found.length);
}

function expectSoundCheckpoint(ingestion: Ingestion, ledger: readonly LedgerEntry[]): void {
  const { checkpoint, highestAckedChunk, highestPlannedChunk } = ingestion;
  expect(checkpoint.nextChunkNumber).toBeLessThanOrEqual(highestAckedChunk + 1);
  expect(highestAckedChunk).toBeLessThanOrEqual(highestPlannedChunk);
  expect(ledger).toHaveLength(highestPlannedChunk + 1);
  const below = ledger.slice(0, checkpoint.nextChunkNumber);
  expect(checkpoint.recordCount).toBe(below.reduce((sum, { plan }) => sum + plan.recordCount, 0));
  expect(checkpoint.chainChecksum).toBe(below.at(-1)?.chainChecksum ?? CHAIN_START);
  expect(checkpoint.isAtEnd).toBe(below.at(-1)?.plan.isLast ?? false);
}

function expectSoundLedger(ingestion: Ingestion, ledger: readonly LedgerEntry[]): void {
  let [chain, offset] = [CHAIN_START, 0];
  for (const [index, { plan, chainChecksum, ackedAt, attemptCount, attempts }] of ledger.entries()) {
    chain = nextChainChecksum(chain, plan.checksum);
    expect([plan.chunkNumber, plan.recordOffset, chainChecksum]).toEqual([index, offset, chain]);
    expect(ackedAt !== null).toBe(index <= ingestion.highestAckedChunk);
    const unlisted = attemptCount - attempts.length;
    expect(attempts).toHaveLength(Math.min(attemptCount, LISTED_ATTEMPTS));
    expect(attempts.map((one) => one.attempt)).toEqual(attempts.map((_one, at) => unlisted + at + 1));
    offset += plan.recordCount;
  }
}

/** One attempt is under way at most, and that at the chunk to be delivered next. */
function expectSoundAttempts({ checkpoint }: Ingestion, ledger: readonly LedgerEntry[]): void {
  const underWay = ledger.flatMap(({ plan, attempts }) =>
    attempts.filter(({ outcome }) => outcome === null).map(() => plan.chunkNumber),
  );
  expect([[], [checkpoint.nextChunkNumber]]).toContainEqual(underWay);
}

export function describeInvariants(subject: Subject): void {
  it('keeps its invariants whatever happens in whatever order', async () => {
    let plays = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        plays += 1;
        const { ingestionId } = await submitted(subject().store, sampleIngestion(`play-${plays}`));
        const play = new Play(subject(), ingestionId);
        let [highestEpoch, acked]: [number, readonly object[]] = [0, []];
        for (const { step, choice } of sequence) {
          await play.carryOut(step, choice);
          const ingestion = await stored(subject().store, ingestionId);
          const ledger = await ledgerOf(subject().store, ingestionId);
          expectSoundCheckpoint(ingestion, ledger);
          expectSoundLedger(ingestion, ledger);
          expectSoundAttempts(ingestion, ledger);
          expectSoundRejects(ingestion, ledger, await rejectsOf(subject().store, ingestionId));
          expect(ingestion.epoch).toBeGreaterThanOrEqual(highestEpoch);
          highestEpoch = ingestion.epoch;
          const rows = ledger.map(({ attempts: _attempts, attemptCount: _count, ...row }) => row);
          expect(rows.slice(0, acked.length), 'acknowledged rows are never rewritten').toEqual(acked);
          acked = rows.filter((row) => row.ackedAt !== null);
        }
        // Out of the way of the next sequence, which claims the first of the queue.
        const { status } = await stored(subject().store, ingestionId);
        if (status === 'QUEUED' || status === 'RUNNING') await subject().store.applyEvent(ingestionId, 'cancel', NOW);
      }),
      { numRuns: 60 },
    );
  });
}
