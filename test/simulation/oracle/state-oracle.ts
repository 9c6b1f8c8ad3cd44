import { createHash } from 'node:crypto';
import { CHAIN_START } from '../../../src/model/chunk.ts';
import type { Ingestion } from '../../../src/model/ingestion.ts';
import type { RunKey } from '../../../src/state/run-writes.ts';
import type { StateStore } from '../../../src/state/state-store.ts';
import { explainEnd, MAX_REWINDS } from './explain-end.ts';
import { judgeFailure } from './failure-oracle.ts';
import { type FactBook, type IngestionFacts, openAttempt } from './ingestion-facts.ts';
import { PlanOracle } from './plan-oracle.ts';
import type { Accuse } from './violation.ts';

/** One call of the store that has committed. */
export type Commit = {
  [Method in keyof StateStore]: {
    readonly method: Method;
    readonly args: Parameters<StateStore[Method]>;
    readonly result: Awaited<ReturnType<StateStore[Method]>>;
  };
}[keyof StateStore];

/** What a commit made of an ingestion. */
export interface Change {
  readonly facts: IngestionFacts;
  /** Null: it is new. */
  readonly before: Ingestion | null;
  readonly after: Ingestion;
  readonly now: number;
}

/** Methods that are conditional on the epoch of a run. */
const RUN_METHODS: ReadonlySet<keyof StateStore> = new Set([
  'takeEpochAbove',
  'recordRecordPath',
  'acceptFingerprint',
  'restartUnbegun',
  'planChunk',
  'replacePlan',
  'recordRejects',
  'dropRejectsBehindPlans',
  'beginAttempt',
  'recordFailure',
  'recordAck',
  'rewindTo',
  'completeRun',
  'failRun',
  'pauseRun',
  'releaseRun',
]);

/** The ingestion that a commit is about; null: none, or all. */
export function ingestionOf(commit: Commit): string | null {
  if (commit.method === 'submit') return commit.result.ingestionId;
  if (commit.method === 'applyEvent') return commit.args[0];
  if (commit.method === 'claimNext') return commit.result?.ingestionId ?? null;
  if (!RUN_METHODS.has(commit.method)) return null;
  return (commit.args[0] as RunKey).ingestionId;
}

/** Watches what is committed. */
export class StateOracle {
  readonly #book: FactBook;
  readonly #accuse: Accuse;
  readonly #plans: PlanOracle;
  readonly #known = new Map<string, Ingestion>();

  constructor(book: FactBook, accuse: Accuse) {
    this.#book = book;
    this.#accuse = accuse;
    this.#plans = new PlanOracle(accuse);
  }

  /** Every ingestion as it was committed last, in the order of creation. */
  get ingestions(): readonly Ingestion[] {
    return [...this.#known.values()];
  }

  get(ingestionId: string): Ingestion | undefined {
    return this.#known.get(ingestionId);
  }

  /** A commit, the ingestion as it is then, and the process by which it was made. */
  committed(commit: Commit, after: Ingestion, { now, by }: { readonly now: number; readonly by: string }): void {
    const before = this.#known.get(after.ingestionId) ?? null;
    this.#known.set(after.ingestionId, after);
    const change = { facts: this.#book.of(after.ingestionId), before, after, now };
    this.#checkEpoch(commit, change);
    this.#rememberSettings(change, by);
    this.#follow(commit, change);
    this.#checkMove(commit, change);
  }

  /** The store was recovered at a start; what each ingestion is then follows. */
  recovered(after: Ingestion): void {
    this.#known.set(after.ingestionId, after);
    const facts = this.#book.of(after.ingestionId);
    facts.rejections = 0;
    facts.openAttempts.clear();
  }

  #checkEpoch({ method, args }: Commit, { before, after }: Change): void {
    if (before === null) return;
    const epoch = RUN_METHODS.has(method) ? (args[0] as RunKey).epoch : before.epoch;
    if (epoch !== before.epoch) this.#accuse('epoch-fenced', `${method} of epoch ${epoch} in epoch ${before.epoch}`);
    const isRaised = method === 'claimNext' || method === 'takeEpochAbove';
    if (isRaised ? after.epoch <= before.epoch : after.epoch !== before.epoch) {
      this.#accuse('epoch-fenced', `${method} made epoch ${after.epoch} of ${before.epoch}`);
    }
  }

  /** How the checkpoint and the status may change, and by what. */
  #checkMove({ method }: Commit, { before, after, facts }: Change): void {
    const from = before?.checkpoint.nextChunkNumber ?? 0;
    const to = after.checkpoint.nextChunkNumber;
    const isDiscarded = after.highestPlannedChunk < 0;
    if (to > from && (method !== 'recordAck' || to !== from + 1)) {
      this.#accuse('checkpoint-true', `${method} moved the checkpoint from ${from} to ${to}`);
    }
    if (to < from && method !== 'rewindTo' && !isDiscarded) {
      this.#accuse('rewind-asked', `${method} moved the checkpoint back from ${from} to ${to}`);
    }
    if (to > 0 && !facts.message(to - 1).isAcked) {
      this.#accuse('checkpoint-true', `the checkpoint is behind chunk ${to - 1}, which nobody acknowledged`);
    }
    if (to > 0 && to > from && after.checkpoint.chainChecksum !== chainUpTo(facts, to)) {
      this.#accuse('checkpoint-true', `the chain up to chunk ${to - 1} is wrong`);
    }
    const isEnded = after.status === 'COMPLETED' && before?.status !== 'COMPLETED';
    if (isEnded && method !== 'completeRun') this.#accuse('completed-true', `${method} completed it`);
  }

  #rememberSettings({ facts, before, after }: Change, by: string): void {
    const { delivery } = after;
    facts.callbackUrls.add(delivery.callbackUrl);
    facts.windowsMs.add(delivery.retryWindowMs);
    facts.maxDelaysMs.add(delivery.maxDelayMs);
    if (delivery.chunkSizeByMemory > 0) facts.chunkBytes.add(delivery.chunkSizeByMemory);
    const isResized =
      before !== null &&
      (before.delivery.chunkSizeByRecords !== delivery.chunkSizeByRecords ||
        before.delivery.chunkSizeByMemory !== delivery.chunkSizeByMemory);
    // What is ready beside the one in flight is frozen with its acknowledgement; another process is not told, and goes on as it began.
    if (isResized) facts.oldSizesUpTo = facts.runBy === by ? after.highestPlannedChunk + 1 : Number.POSITIVE_INFINITY;
    if (before !== null && after.epoch !== before.epoch && before.status !== 'RUNNING') {
      facts.runBy = by;
      facts.oldSizesUpTo = after.highestPlannedChunk;
    }
  }

  #follow(commit: Commit, change: Change): void {
    const { facts, before, after } = change;
    switch (commit.method) {
      case 'submit':
      case 'restartUnbegun':
        if (before !== null && before.highestPlannedChunk >= 0 && after.highestPlannedChunk < 0) {
          this.#plans.dropped(change);
        }
        if (commit.method === 'submit' && commit.result.changed.length > 0) facts.changeCount += 1;
        // Another receiver has neither failed nor asked to be left alone.
        if (before !== null && before.delivery.callbackUrl !== after.delivery.callbackUrl) this.#resume(facts);
        if (commit.method === 'submit' && commit.result.status === 'RESUMED') this.#resume(facts);
        return;
      case 'applyEvent':
        if (commit.args[1] === 'resume') this.#resume(facts);
        return;
      case 'claimNext':
        facts.openAttempts.clear();
        return;
      case 'planChunk':
        this.#plans.frozen(change, commit.args[1].planned.plan);
        if (commit.result.begun !== null) this.#begin(change, change.after.highestPlannedChunk, commit.result.begun);
        return;
      case 'replacePlan':
        this.#plans.replaced(change, commit.args[1].planned.plan);
        return;
      case 'beginAttempt':
        this.#begin(change, commit.args[1], commit.result);
        return;
      case 'recordFailure':
        judgeFailure(commit.args, change, this.#accuse);
        return;
      case 'recordAck':
        this.#acknowledge(change, commit.args[1], commit.result);
        return;
      case 'rewindTo':
        this.#rewind(change, commit.args[1]);
        return;
      case 'completeRun':
        this.#complete(change, commit.args[1]);
        return;
      case 'failRun':
      case 'pauseRun':
        explainEnd(commit.args[1], change, this.#accuse);
        return;
      default:
        if (before !== null && after.highestPlannedChunk !== before.highestPlannedChunk) {
          this.#accuse('plan-frozen', `${commit.method} changed what is planned`);
        }
    }
  }

  #resume(facts: IngestionFacts): void {
    facts.forgiveFailures();
    facts.rewinds = 0;
  }

  #begin(
    { facts, after, before }: Change,
    target: number | 'completion',
    { attempt, isCertainlyNotStored }: { readonly attempt: number; readonly isCertainlyNotStored: boolean },
  ): void {
    const message = facts.message(target);
    const status = (before ?? after).status;
    if (status !== 'RUNNING') this.#accuse('stop-obeyed', `an attempt at ${target} begins while it is ${status}`);
    if (message.begun.has(attempt)) this.#accuse('attempt-on-record', `attempt ${attempt} at ${target} begins again`);
    if (isCertainlyNotStored && message.doubtful.size > 0) {
      this.#accuse('halving-safe', `attempts ${[...message.doubtful].join(', ')} at chunk ${target} may have arrived`);
    }
    const [open] = facts.openAttempts;
    if (open !== undefined) this.#accuse('one-in-flight', `attempt ${attempt} at ${target} begins during ${open}`);
    facts.openAttempts.add(openAttempt(target, attempt));
    message.begun.add(attempt);
    message.doubtful.add(attempt);
  }

  #acknowledge(
    change: Change,
    ack: Parameters<StateStore['recordAck']>[1],
    { begun }: Awaited<ReturnType<StateStore['recordAck']>>,
  ): void {
    const { facts, after } = change;
    const { chunkNumber, attempt, next } = ack;
    const outcome = facts.message(chunkNumber).readings.get(attempt)?.outcome ?? 'nothing';
    if (outcome !== 'acknowledged') {
      this.#accuse('ack-backed', `attempt ${attempt} at chunk ${chunkNumber} was answered with ${outcome}`);
    }
    if (after.checkpoint.nextChunkNumber !== chunkNumber + 1) {
      this.#accuse('checkpoint-true', `the checkpoint did not move with the acknowledgement of chunk ${chunkNumber}`);
    }
    if (after.checkpoint.isAtEnd !== (facts.plans.get(chunkNumber)?.isLast === true)) {
      this.#accuse('checkpoint-true', `chunk ${chunkNumber} is taken for the last, or not`);
    }
    facts.openAttempts.delete(openAttempt(chunkNumber, attempt));
    facts.forgiveFailures();
    if (after.highestAckedChunk > (change.before?.highestAckedChunk ?? -1)) facts.rewinds = 0;
    if (next !== null && after.highestPlannedChunk > chunkNumber) this.#plans.frozen(change, next.planned.plan);
    if (begun !== null) this.#begin({ ...change, before: after }, chunkNumber + 1, begun);
  }

  #rewind({ facts, after }: Change, toChunkNumber: number): void {
    const targets = [...facts.plans.keys(), 'completion' as const];
    const asked = targets.some((target) =>
      [...facts.message(target).readings.values()].some(({ expectedChunk }) => expectedChunk === toChunkNumber),
    );
    const isThere = after.checkpoint.nextChunkNumber === toChunkNumber;
    if (!asked || !isThere) this.#accuse('rewind-asked', `nobody asked to go back to chunk ${toChunkNumber}`);
    facts.forgiveFailures();
    facts.rewinds += 1;
    if (facts.rewinds >= MAX_REWINDS) this.#accuse('rewind-asked', `rewind ${facts.rewinds} without new ground`);
  }

  #complete({ facts, after }: Change, attempt: number): void {
    const message = facts.message('completion');
    if (message.readings.get(attempt)?.outcome !== 'acknowledged') {
      this.#accuse('completed-true', `attempt ${attempt} at COMPLETED was not acknowledged`);
    }
    facts.openAttempts.delete(openAttempt('completion', attempt));
    if (after.status !== 'COMPLETED') return;
    const { checkpoint } = after;
    const isWhole = checkpoint.nextChunkNumber === facts.plans.size && (checkpoint.isAtEnd || facts.plans.size === 0);
    if (!isWhole) this.#accuse('completed-true', `it is completed at chunk ${checkpoint.nextChunkNumber}`);
    facts.forgiveFailures();
  }
}

function chainUpTo({ plans }: IngestionFacts, chunkCount: number): string {
  let chain = CHAIN_START;
  for (let number = 0; number < chunkCount; number += 1) {
    const checksum = plans.get(number)?.checksum ?? '';
    chain = createHash('sha256')
      .update(chain + checksum)
      .digest('hex');
  }
  return chain;
}
