import type { Victims } from './scenario-plan.ts';

/** What scenarios came to. */
export interface KillFigures {
  readonly scenarios: number;
  /** A kill of both sides at once counts as one. */
  readonly kills: number;
  readonly killsOf: Readonly<Record<Victims, number>>;
  /** How many kills hit at which moment: a crash point, a receiver's moment, at random or while the service started. */
  readonly killsAt: Readonly<Record<string, number>>;
  readonly records: number;
  readonly rejectedRecords: number;
  readonly chunks: number;
  /** Requests that receivers decided on. */
  readonly attempts: number;
  /** Of these, chunks that they had already. */
  readonly duplicates: number;
}

/** Those of no scenario. */
export const NO_FIGURES: KillFigures = {
  scenarios: 0,
  kills: 0,
  killsOf: { service: 0, receiver: 0, both: 0 },
  killsAt: {},
  records: 0,
  rejectedRecords: 0,
  chunks: 0,
  attempts: 0,
  duplicates: 0,
};

/** One more kill. */
export function withKill(figures: KillFigures, victims: Victims, moment: string): KillFigures {
  return {
    ...figures,
    kills: figures.kills + 1,
    killsOf: { ...figures.killsOf, [victims]: figures.killsOf[victims] + 1 },
    killsAt: { ...figures.killsAt, [moment]: (figures.killsAt[moment] ?? 0) + 1 },
  };
}

/** Both together. */
export function addFigures(one: KillFigures, other: KillFigures): KillFigures {
  const moments = new Set([...Object.keys(one.killsAt), ...Object.keys(other.killsAt)]);
  return {
    scenarios: one.scenarios + other.scenarios,
    kills: one.kills + other.kills,
    killsOf: {
      service: one.killsOf.service + other.killsOf.service,
      receiver: one.killsOf.receiver + other.killsOf.receiver,
      both: one.killsOf.both + other.killsOf.both,
    },
    killsAt: Object.fromEntries(
      [...moments].toSorted().map((moment) => [moment, (one.killsAt[moment] ?? 0) + (other.killsAt[moment] ?? 0)]),
    ),
    records: one.records + other.records,
    rejectedRecords: one.rejectedRecords + other.rejectedRecords,
    chunks: one.chunks + other.chunks,
    attempts: one.attempts + other.attempts,
    duplicates: one.duplicates + other.duplicates,
  };
}

const CONFIDENCE = 0.95;
const BISECTIONS = 60;

/**
 * The rate of violations that is excluded with 95 % confidence (Clopper and Pearson, one-sided): were it higher, at most so many would be seen in less than
 * one of 20 such runs. Without a violation it is about 3 / kills.
 */
export function violationRateBound(violationCount: number, killCount: number): number {
  if (violationCount >= killCount) return 1;
  let [low, high] = [0, 1];
  for (let step = 0; step < BISECTIONS; step += 1) {
    const middle = (low + high) / 2;
    if (probabilityOfAtMost(violationCount, killCount, middle) > 1 - CONFIDENCE) low = middle;
    else high = middle;
  }
  return high;
}

/** Of a binomial distribution. */
function probabilityOfAtMost(count: number, draws: number, rate: number): number {
  let term = (1 - rate) ** draws;
  let sum = term;
  for (let index = 1; index <= count; index += 1) {
    term *= ((draws - index + 1) / index) * (rate / (1 - rate));
    sum += term;
  }
  return sum;
}
