import type { Mutation } from './mutation.ts';

/** Bugs in what is sent, and in what answers are taken for. */
export const DELIVERY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'success-counts-as-ack',
    file: 'src/protocol/ack.ts',
    find: 'if (object !== null && isAck(object.ack, expected) && isEchoOf(object, expected)) return',
    replacement: 'if (isSuccess) return',
    breaks: ['ack-backed', 'completed-true'],
  },
  {
    name: 'ack-of-another-chunk-counts',
    file: 'src/protocol/ack.ts',
    find: 'return isIngestion && isChunk;',
    replacement: 'return isIngestion;',
    breaks: ['ack-backed', 'completed-true'],
  },
  {
    name: 'rate-limit-counts-as-rejection',
    file: 'src/protocol/ack.ts',
    find: 'status !== 425 && status !== 429;',
    replacement: 'status !== 425;',
    breaks: ['answer-read'],
  },
  {
    name: 'rewind-to-the-chunk-itself',
    file: 'src/protocol/ack.ts',
    find: "expected.target === 'chunk' ? expected.chunkNumber :",
    replacement: "expected.target === 'chunk' ? expected.chunkNumber + 1 :",
    breaks: ['answer-read'],
  },
  {
    name: 'unknown-proves-not-stored',
    file: 'src/model/outcome.ts',
    find: "    case 'unknown':\n      return false;",
    replacement: "      return false;\n    case 'unknown':\n      return true;",
    breaks: ['halving-safe'],
  },
  {
    name: 'cursor-before-ack',
    file: 'src/delivery/deliver-chunk.ts',
    find: "if (decision.kind === 'advance') {",
    replacement: "if (decision.kind === 'advance' || outcome.kind === 'unknown') {",
    breaks: ['ack-backed', 'completed-true'],
  },
  {
    name: 'begun-attempt-sent-twice',
    file: 'src/delivery/deliver-chunk.ts',
    find: '    begun = null;\n    if (step',
    replacement: '    if (step',
    breaks: ['attempt-on-record'],
  },
  {
    name: 'window-from-last-failure',
    file: 'src/delivery/retry-policy.ts',
    find: 'firstFailedAt: Math.min(history.firstFailedAt ?? now, now) }',
    replacement: 'firstFailedAt: now }',
    breaks: ['retry-in-bounds'],
  },
  {
    name: 'retry-after-ignored',
    file: 'src/delivery/retry-policy.ts',
    find: 'Math.max(Math.ceil(random * ceilingMs), leastDelayMs)',
    replacement: 'Math.ceil(random * ceilingMs)',
    breaks: ['retry-in-bounds'],
  },
  {
    name: 'backoff-without-ceiling',
    file: 'src/delivery/retry-policy.ts',
    find: 'MAX_DOUBLINGS), retry.maxDelayMs);',
    replacement: 'MAX_DOUBLINGS), Number.POSITIVE_INFINITY);',
    breaks: ['retry-in-bounds'],
  },
  {
    name: 'body-written-over-in-flight',
    file: 'src/ingestion/chunk-lookahead.ts',
    find: "    this.#takenBody = ahead.kind === 'chunk' ? ahead.chunk.body : null;\n",
    replacement: "    this.#spare = ahead.kind === 'chunk' ? ahead.chunk.body : null;\n",
    breaks: ['body-untouched', 'planned-before-sent', 'same-bytes'],
  },
];
