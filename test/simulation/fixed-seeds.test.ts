import { expect, it } from 'vitest';
import { runSeedsOrTell } from './run-seeds-or-tell.ts';
import { STRANGE_ANSWERS } from './scenario.ts';

const SEED_COUNT = 500;

/** Every kind of fault, and every way in which an ingestion may stand when they stop: what is not met proves nothing. */
const FAULT_KINDS = [
  'pause',
  'resume',
  'cancel',
  'sender-crash',
  'sender-restart',
  'sender-overtaken',
  'store-refuses',
  'receiver-crash',
  'receiver-restored',
  'source-touched',
  'source-changed',
  'source-unreadable',
  'not-connected',
  'refused',
  'request-lost',
  'answer-lost',
  'delayed',
  'duplicated',
  'slow',
  'status',
  'request-corrupted',
  'request-truncated',
  'answer-corrupted',
  'answer-truncated',
  'refusal',
  'higher-epoch',
  ...STRANGE_ANSWERS.map((answer) => `strange-answer ${answer}`),
];
const ENDINGS = [
  'COMPLETED',
  'CANCELLED',
  'PAUSED',
  'PAUSED DELIVERY_WINDOW_OVER',
  'PAUSED SOURCE_UNREADABLE',
  'FAILED DELIVERY_REJECTED',
  'FAILED CALLBACK_NOT_ALLOWED',
  'FAILED RECEIVER_FORGETS',
  'FAILED SOURCE_CHANGED',
  'FAILED CHUNK_TOO_LARGE_FOR_RECEIVER',
  'FAILED DUPLICATE_KEY',
  'FAILED ROW_WIDTH',
  'FAILED TOO_MANY_BAD_RECORDS',
  'FAILED RECORD_TOO_LARGE',
];

it(`holds in ${SEED_COUNT} worlds that are always the same, which meet every fault and every ending`, {
  timeout: 300_000,
}, async () => {
  const { faults, endings } = await runSeedsOrTell(0, SEED_COUNT);
  expect(FAULT_KINDS.filter((kind) => faults[kind] === undefined)).toEqual([]);
  expect(ENDINGS.filter((ending) => endings[ending] === undefined)).toEqual([]);
});
