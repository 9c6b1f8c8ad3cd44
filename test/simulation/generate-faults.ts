import type { Chance } from './chance.ts';
import {
  type IncidentEvent,
  type NetworkFault,
  type RequestSpec,
  type RetryAfterSpec,
  STRANGE_ANSWERS,
} from './scenario.ts';

/** Some seconds, or some minutes. */
function randomOutageMs(chance: Chance): number {
  return chance.happens(0.7) ? chance.whole(0, 10_000) : chance.whole(10_000, 600_000);
}

/** A request that begins an ingestion. */
export function randomRequest(
  chance: Chance,
  { feed, receiver }: { readonly feed: number; readonly receiver: number },
): RequestSpec {
  return {
    feed,
    receiver,
    isReIngestion: false,
    ...randomSizes(chance),
    ...(chance.happens(0.7) ? { quarantine: true } : {}),
    ...(chance.happens(0.1) ? { maxBad: chance.one([0, 1, 2, '10%']) } : {}),
    ...(chance.happens(0.4) ? { windowSeconds: chance.one([1, 20, 120, 3600]) } : {}),
    ...(chance.happens(0.4) ? { maxDelaySeconds: chance.one([1, 4, 20]) } : {}),
  };
}

function randomSizes(chance: Chance): Pick<RequestSpec, 'chunkRecords' | 'chunkBytes'> {
  return {
    ...(chance.happens(0.85) ? { chunkRecords: chance.one([1, 1, 2, 2, 3, 5, 10]) } : {}),
    ...(chance.happens(0.3) ? { chunkBytes: chance.one([chance.whole(30, 90), chance.whole(60, 400)]) } : {}),
  };
}

/** Something that happens beside the messages. */
export function randomEvent(
  chance: Chance,
  { feeds, receivers }: { readonly feeds: number; readonly receivers: number },
): IncidentEvent {
  const feed = chance.whole(0, feeds - 1);
  const receiver = chance.whole(0, receivers - 1);
  const ingestion = chance.whole(0, 5);
  const kind = chance.one(EVENT_KINDS);
  switch (kind) {
    case 'request':
      return { kind, request: randomLaterRequest(chance, { feed, receiver }) };
    case 'pause':
    case 'resume':
    case 'cancel':
      return { kind, ingestion };
    case 'sender-crash':
    case 'sender-restart':
      return { kind, downMs: chance.whole(0, 5_000) };
    case 'sender-overtaken':
      return { kind, frozenMs: randomOutageMs(chance) };
    case 'store-refuses':
      return { kind, durationMs: chance.one([0, chance.whole(0, 20_000)]) };
    case 'receiver-crash':
      return { kind, receiver, downMs: randomOutageMs(chance) };
    case 'receiver-restored':
      return { kind, receiver, lostChunks: chance.one([0, 1, 2, 5, 1000]) };
    case 'source-touched':
      return { kind, feed };
    case 'source-changed':
      return { kind, feed, change: chance.one(['grown', 'rewritten', 'replaced']) };
    case 'source-unreadable':
      return { kind, feed, durationMs: chance.whole(0, 5_000) };
  }
}

/** As often as they are named. */
const EVENT_KINDS = [
  'request',
  'request',
  'pause',
  'resume',
  'resume',
  'cancel',
  'sender-crash',
  'sender-crash',
  'sender-crash',
  'sender-crash',
  'sender-restart',
  'sender-overtaken',
  'sender-overtaken',
  'store-refuses',
  'receiver-crash',
  'receiver-restored',
  'receiver-restored',
  'source-touched',
  'source-changed',
  'source-unreadable',
] as const;

function randomLaterRequest(chance: Chance, where: { readonly feed: number; readonly receiver: number }): RequestSpec {
  if (chance.happens(0.15)) return { ...randomRequest(chance, where), isReIngestion: true };
  return {
    ...where,
    isReIngestion: false,
    ...randomSizes(chance),
    ...(chance.happens(0.2) ? { quarantine: true } : {}),
    ...(chance.happens(0.2) ? { windowSeconds: chance.one([1, 60, 3600]) } : {}),
    ...(chance.happens(0.2) ? { maxDelaySeconds: chance.one([1, 4, 20]) } : {}),
  };
}

const STATUSES_NOT_NOW = [100, 103, 302, 307, 408, 425, 429, 500, 502, 503, 504, 599];
const STATUSES_REFUSED = [400, 401, 403, 404, 409, 410, 413, 418, 422];

/** What becomes of a message. */
export function randomNetworkFault(chance: Chance): NetworkFault {
  const kind = chance.one(NETWORK_KINDS);
  const place = chance.random();
  const delayMs = chance.one([chance.whole(1, 50), chance.whole(50, 5_000), chance.whole(5_000, 300_000)]);
  switch (kind) {
    case 'not-connected':
    case 'refused':
      return { kind };
    case 'request-lost':
    case 'answer-lost':
      return { kind, noticed: chance.one(['reset', 'timeout']) };
    case 'delayed':
    case 'duplicated':
    case 'slow':
      return { kind, delayMs };
    case 'request-corrupted':
    case 'request-truncated':
    case 'answer-corrupted':
    case 'answer-truncated':
      return { kind, place };
    case 'status':
      return randomStatus(chance);
    case 'strange-answer':
      return { kind, answer: chance.one(STRANGE_ANSWERS) };
    case 'refusal':
      return { kind, expected: chance.one(['absent', 'same', 'higher', 'text', 'lower', 'lower']) };
    case 'higher-epoch':
      return { kind, above: chance.one([0, 1, 10]) };
  }
}

const NETWORK_KINDS = [
  'not-connected',
  'not-connected',
  'refused',
  'request-lost',
  'request-lost',
  'answer-lost',
  'answer-lost',
  'answer-lost',
  'delayed',
  'duplicated',
  'duplicated',
  'request-corrupted',
  'request-truncated',
  'answer-corrupted',
  'answer-truncated',
  'slow',
  'status',
  'status',
  'status',
  'status',
  'strange-answer',
  'strange-answer',
  'refusal',
  'refusal',
  'higher-epoch',
] as const;

/** A refusal is not delivered: who refuses what the receiver has stored lies, and a lie about that cannot be seen through. */
function randomStatus(chance: Chance): NetworkFault {
  const isRefused = chance.happens(0.35);
  const status = chance.one(isRefused ? STATUSES_REFUSED : STATUSES_NOT_NOW);
  const isDelivered = !isRefused && status !== 429 && chance.happens(0.5);
  return { kind: 'status', status, retryAfter: chance.happens(0.4) ? randomRetryAfter(chance) : null, isDelivered };
}

function randomRetryAfter(chance: Chance): RetryAfterSpec {
  return chance.one<RetryAfterSpec>([
    { seconds: chance.whole(0, 30) },
    { seconds: chance.whole(60, 100_000) },
    { dateInSeconds: chance.whole(-60, 600) },
    { text: chance.one(['soon', '-5', '1.5', '']) },
  ]);
}
