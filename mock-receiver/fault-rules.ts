import { z } from 'zod';
import type { Random } from '../src/model/clock.ts';
import { seededRandom } from './seeded-random.ts';

const when = {
  /** Which message: a chunk's number, `completed`, or `every` message. */
  chunk: z.union([z.int().min(0), z.enum(['completed', 'every'])]).default('every'),
  /** How often; without it, always. */
  times: z.int().min(1).optional(),
  /** How likely each time. */
  probability: z.number().min(0).max(1).default(1),
};
const afterStoring = { after_storing: z.boolean().default(false) };

/** One rule of which fault is inflicted on which message. docs/mock-receiver.md describes each. */
export const faultRuleSchema = z.discriminatedUnion('fault', [
  z.strictObject({ fault: z.literal('delay'), ...when, delay_ms: z.int().min(0) }),
  z.strictObject({ fault: z.literal('forget'), ...when, keep_chunks: z.int().min(0).default(0) }),
  z.strictObject({
    fault: z.literal('status'),
    ...when,
    ...afterStoring,
    status: z.int().min(200).max(999),
    retry_after: z.union([z.string(), z.int().transform(String)]).optional(),
    /** A string is sent as it is, anything else as JSON. */
    body: z.json().default(''),
  }),
  z.strictObject({ fault: z.literal('hang'), ...when, ...afterStoring }),
  z.strictObject({ fault: z.literal('reset'), ...when, ...afterStoring }),
  z.strictObject({
    fault: z.literal('nack'),
    ...when,
    error: z.string(),
    expected_chunk: z.int().min(0).optional(),
  }),
  z.strictObject({ fault: z.literal('too-large'), ...when, max_bytes: z.int().min(0) }),
  z.strictObject({
    fault: z.literal('redirect'),
    ...when,
    location: z.string(),
    status: z.int().min(300).max(399).default(307),
  }),
  z.strictObject({ fault: z.literal('truncated-ack'), ...when }),
  z.strictObject({ fault: z.literal('non-json-ack'), ...when }),
  z.strictObject({ fault: z.literal('wrong-echo'), ...when, member: z.enum(['ingestion_id', 'chunk_number']) }),
  z.strictObject({ fault: z.literal('huge-ack'), ...when, bytes: z.int().min(1024).optional() }),
  z.strictObject({ fault: z.literal('dripping-ack'), ...when, interval_ms: z.int().min(1).default(1000) }),
]);

/** One rule as it is given: what has a default may be left out. */
export type FaultRuleInput = z.input<typeof faultRuleSchema>;

/** One rule, checked, its defaults filled in. */
type FaultRule = z.output<typeof faultRuleSchema>;

/** The faults that happen on the way: the message is looked at by the rules after them too. */
type FaultOnTheWay = Extract<FaultRule, { fault: 'delay' | 'forget' }>;

/** The faults that take the place of the answer. */
export type FaultyAnswer = Exclude<FaultRule, FaultOnTheWay>;

/** What is to be inflicted on one message. */
export interface Faults {
  readonly onTheWay: readonly FaultOnTheWay[];
  readonly answer: FaultyAnswer | null;
}

/** What the rules look at. */
export interface FaultTarget {
  readonly subject: 'chunk' | 'completed' | 'unreadable';
  readonly chunkNumber: number | null;
  readonly bodyByteCount: number;
}

/** The rules in force, how often each was applied, and the chance that decides on them. */
export class FaultPlan {
  readonly #seed: number;
  #random: Random;
  #rules: { readonly rule: FaultRule; applied: number }[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
  }

  /**
   * Puts other rules in force; their order counts. Counts begin at 0 and chance at the seed, so that the same rules do the same again. Throws
   * a ZodError for rules that are none.
   */
  replace(rules: readonly FaultRuleInput[]): void {
    const checked = z.array(faultRuleSchema).parse(rules);
    this.#random = seededRandom(this.#seed);
    this.#rules = checked.map((rule) => ({ rule, applied: 0 }));
  }

  /** The rules in force, each with how often it was applied. */
  list(): readonly (FaultRule & { readonly applied: number })[] {
    return this.#rules.map(({ rule, applied }) => ({ ...rule, applied }));
  }

  /** What is to be inflicted on this message; counts as applied. */
  take(target: FaultTarget): Faults {
    const onTheWay: FaultOnTheWay[] = [];
    for (const entry of this.#rules) {
      const { rule } = entry;
      const isDue = matches(rule, target) && entry.applied < (rule.times ?? Number.POSITIVE_INFINITY);
      if (!isDue || this.#random() >= rule.probability) continue;
      entry.applied += 1;
      if (rule.fault !== 'delay' && rule.fault !== 'forget') return { onTheWay, answer: rule };
      onTheWay.push(rule);
    }
    return { onTheWay, answer: null };
  }
}

function matches(rule: FaultRule, target: FaultTarget): boolean {
  if (rule.fault === 'too-large' && target.bodyByteCount <= rule.max_bytes) return false;
  if (rule.chunk === 'every') return true;
  if (rule.chunk === 'completed') return target.subject === 'completed';
  return target.subject === 'chunk' && target.chunkNumber === rule.chunk;
}

/** Whether the message is decided on, and stored, before its answer goes wrong. */
export function happensAfterStoring(fault: FaultyAnswer): boolean {
  switch (fault.fault) {
    case 'status':
    case 'hang':
    case 'reset':
      return fault.after_storing;
    case 'nack':
    case 'too-large':
    case 'redirect':
      return false;
    case 'truncated-ack':
    case 'non-json-ack':
    case 'wrong-echo':
    case 'huge-ack':
    case 'dripping-ack':
      return true;
  }
}
