import { seededRandom } from '../../mock-receiver/seeded-random.ts';
import type { Destination } from '../../src/delivery/destination.ts';
import { createHttpDestination } from '../../src/delivery/http-destination.ts';
import { createPostChannel, DEFAULT_TIMEOUTS, type PostTimeouts } from '../../src/delivery/post-channel.ts';
import { createUrlGuard } from '../../src/egress/url-guard.ts';
import type { RunDependencies } from '../../src/ingestion/run-context.ts';
import { RunControl } from '../../src/ingestion/run-control.ts';
import { runIngestion } from '../../src/ingestion/run-ingestion.ts';
import type { Ingestion } from '../../src/model/ingestion.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { isUntouched } from '../../src/sources/source-set.ts';
import type { AttemptTarget } from '../../src/state/run-writes.ts';
import { openSources } from '../harness/sources.ts';
import { stored } from '../state/sample-state.ts';
import { RECEIVER_HOST } from './certificates.ts';
import type { Course, Fault, FaultPosition, Wire } from './fault.ts';
import { type AttemptRow, type FaultStage, WINDOW_MS } from './fault-stage.ts';
import { FaultyReceiver, type ReceivedRequest } from './faulty-receiver.ts';
import { openInProcessSession } from './in-process-session.ts';
import { VirtualClock } from './virtual-clock.ts';

/** How often a fault strikes before the receiver heals by itself. */
export const STRIKES_BEFORE_HEALING = 2;
/** More runs than any cell needs: beyond them something goes round in circles. */
const MOST_RUNS = 40;
const MIDNIGHT = Date.UTC(2026, 2, 1);
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** Deadlines for attempts that nothing else ends: short, but long enough to get as far as the fault on a machine that is busy. */
const IMPATIENT: Readonly<Record<Wire['at'], PostTimeouts>> = {
  answer: { ...DEFAULT_TIMEOUTS, totalMs: 3_000 },
  connection: { ...DEFAULT_TIMEOUTS, connectMs: 150 },
  lookup: { ...DEFAULT_TIMEOUTS, connectMs: 150 },
  idle: DEFAULT_TIMEOUTS,
};

const TARGETS: Readonly<Record<FaultPosition, AttemptTarget>> = {
  first: 0,
  middle: 1,
  last: 2,
  COMPLETED: 'completion',
};

/** A fault at a place of the delivery. */
export interface Cell {
  readonly fault: Fault;
  readonly position: FaultPosition;
  readonly course: Course;
}

/** What came of a cell. */
export interface CellResult {
  readonly cell: Cell;
  readonly target: AttemptTarget;
  /** How often the fault was watched to strike before time was put forward to the end of the window. */
  readonly watchedFailures: number;
  /** As it stood when nothing went on by itself, and the attempts at the target until then. */
  readonly ended: Ingestion;
  readonly attempts: readonly AttemptRow[];
  /** After a person has mended the receiver and resumed what had stopped. */
  readonly finished: Ingestion;
  readonly finalAttempts: readonly AttemptRow[];
  /** Whole requests, in the order in which they came in. */
  readonly requests: readonly ReceivedRequest[];
  /** What the receiver has, in order, and whether it was told that this is all. */
  readonly accepted: readonly string[];
  readonly isCompleted: boolean;
}

/** Delivers a feed of its own to a receiver of its own, until nothing goes on by itself; then mends and resumes. */
export async function runCell(cell: Cell, seed: number, stage: FaultStage): Promise<CellResult> {
  const clock = new VirtualClock(MIDNIGHT);
  const { wire } = cell.fault;
  const receiver = new FaultyReceiver({ wire, store: stage.receiverStore, secret: SECRET, now: () => clock.now() });
  const port = await receiver.start();
  try {
    const scheme = wire.at === 'connection' ? wire.scheme : 'http';
    const url = `${scheme}://${RECEIVER_HOST}:${port}/callback`;
    const { ingestionId } = await stage.newIngestion(`${cell.position} ${cell.course} ${seed}`, url);
    const struck = new StruckDelivery(cell, { stage, clock, receiver, url: new URL(url) });
    const dependencies = dependenciesOf(stage, clock, seededRandom(seed), () => struck.createDestination());

    const target = TARGETS[cell.position];
    const ended = await runUntilSettled(ingestionId, clock, dependencies);
    const attempts = stage.attempts(ingestionId, target);
    let finished = ended;
    if (ended.status !== 'COMPLETED') {
      struck.isMended = true;
      await stage.store.applyEvent(ingestionId, 'resume', clock.now());
      finished = await runUntilSettled(ingestionId, clock, dependencies);
    }
    const { chunkCount, isCompleted } = stage.receiverStore.state(ingestionId);
    const lines = Array.from({ length: chunkCount }, (_, chunk) => stage.receiverStore.recordLines(ingestionId, chunk));
    return {
      cell,
      target,
      watchedFailures: struck.watchedFailures,
      ended,
      attempts,
      finished,
      finalAttempts: stage.attempts(ingestionId, target),
      requests: receiver.requests,
      accepted: Buffer.concat(lines.map((line) => line ?? Buffer.alloc(0)))
        .toString()
        .split('\n')
        .slice(0, -1),
      isCompleted,
    };
  } finally {
    await receiver.close();
  }
}

/** Plays the queue: claims the ingestion whenever it is due, at once by the clock of the cell. */
async function runUntilSettled(
  ingestionId: string,
  clock: VirtualClock,
  dependencies: RunDependencies,
): Promise<Ingestion> {
  const { store } = dependencies;
  for (let runs = 0; runs < MOST_RUNS; runs += 1) {
    const claimed = await store.claimNext({ now: clock.now(), excludedIds: [], onlyIds: [ingestionId] });
    if (claimed === null) throw new Error(`${ingestionId} cannot be claimed`);
    await runIngestion(claimed, new RunControl(), dependencies);
    const after = await stored(store, ingestionId);
    if (after.status !== 'QUEUED') return after;
    clock.waitUntil(after.nextAttemptAt ?? 0);
  }
  throw new Error(`${ingestionId} has not settled after ${MOST_RUNS} runs`);
}

function dependenciesOf(
  stage: FaultStage,
  clock: VirtualClock,
  random: RunDependencies['random'],
  createDestination: RunDependencies['createDestination'],
): RunDependencies {
  return {
    store: stage.store,
    clock,
    random,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    openSources,
    isUntouched,
    openSession: openInProcessSession,
    createDestination,
    announceStatus: () => {},
  };
}

interface Surroundings {
  readonly stage: FaultStage;
  readonly clock: VirtualClock;
  readonly receiver: FaultyReceiver;
  readonly url: URL;
}

/** Tells the receiver with each attempt whether to strike, and lets the real destination make it. */
class StruckDelivery {
  isMended = false;
  readonly watchedFailures: number;
  readonly #cell: Cell;
  readonly #surroundings: Surroundings;
  #strikeCount = 0;
  #firstFailedAt = 0;

  constructor(cell: Cell, surroundings: Surroundings) {
    this.#cell = cell;
    this.#surroundings = surroundings;
    // 1 s, 2 s, 4 s … 32 s, 60 s and again 60 s; of those that take a deadline each, enough to see that they grow.
    this.watchedFailures = cell.fault.wire.isSlow ? 3 : 8;
  }

  createDestination(): Destination {
    const { wire } = this.#cell.fault;
    const patient = this.#connect(DEFAULT_TIMEOUTS);
    const impatient = wire.isSlow ? this.#connect(IMPATIENT[wire.at]) : patient;
    return {
      attempt: (chunk, context) =>
        this.#strike(chunk.plan.chunkNumber, (isStruck) => (isStruck ? impatient : patient).attempt(chunk, context)),
      complete: (completion, context) =>
        this.#strike('completion', (isStruck) => (isStruck ? impatient : patient).complete(completion, context)),
      async close() {
        await Promise.all([patient.close(), impatient.close()]);
      },
    };
  }

  async #strike(target: AttemptTarget, attempt: (isStruck: boolean) => Promise<Outcome>): Promise<Outcome> {
    const { fault, position, course } = this.#cell;
    const { receiver, clock } = this.#surroundings;
    const isOver = this.isMended || (course === 'heals' && this.#strikeCount === STRIKES_BEFORE_HEALING);
    if (isOver || target !== TARGETS[position]) return attempt(false);
    receiver.isStriking = true;
    if (fault.wire.at === 'idle') receiver.resetIdleConnections();
    const outcome = await attempt(true);
    receiver.isStriking = false;
    this.#strikeCount += 1;
    if (this.#strikeCount === 1) this.#firstFailedAt = clock.now();
    if (this.#strikeCount === this.watchedFailures) clock.delayNextWaitUntil(this.#firstFailedAt + WINDOW_MS);
    return outcome;
  }

  #connect(timeouts: PostTimeouts): Destination {
    const { stage, clock, receiver, url } = this.#surroundings;
    const { wire } = this.#cell.fault;
    const guard = createUrlGuard({
      allow: null,
      isLoopbackAllowed: true,
      resolve: async () =>
        receiver.isStriking && wire.at === 'lookup' ? wire.resolve() : [{ address: '127.0.0.1', family: 4 }],
    });
    return createHttpDestination({
      channel: createPostChannel({ url, guard, timeouts, trust: stage.trust }),
      headers: null,
      secret: SECRET,
      clock,
      userAgent: 'ackstream/matrix',
    });
  }
}
