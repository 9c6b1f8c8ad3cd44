import type { Invariant } from './oracle/violation.ts';
import type { FeedSpec, Incident, ReceiverSpec, Scenario } from './scenario.ts';
import { simulate } from './simulate.ts';

/** A violation that takes this many attempts to make smaller is small enough. */
const MAX_ATTEMPTS = 600;

/** A scenario that was made as small as it gets, and how many others were tried on the way. */
export interface Shrunk {
  readonly scenario: Scenario;
  readonly attemptCount: number;
}

/** Takes away from a scenario whatever its violation does not need: faults, records, settings. */
export async function shrink(found: Scenario, invariant: Invariant): Promise<Shrunk> {
  let scenario = found;
  let attemptCount = 0;
  const isStillBroken = async (candidate: Scenario): Promise<boolean> => {
    attemptCount += 1;
    return (await simulate(candidate)).violation?.invariant === invariant;
  };
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of smallerThan(scenario)) {
      if (attemptCount >= MAX_ATTEMPTS) return { scenario, attemptCount };
      if (!(await isStillBroken(candidate))) continue;
      scenario = candidate;
      isSmaller = true;
      break;
    }
  }
  return { scenario, attemptCount };
}

/** Scenarios with less in them, those with much less first. */
function* smallerThan(scenario: Scenario): Generator<Scenario> {
  const { incidents, messageFaults, feeds, receivers, maxRunning } = scenario;
  for (const fewer of withoutSome(messageFaults)) yield { ...scenario, messageFaults: fewer };
  for (const fewer of withoutSome(incidents)) yield { ...scenario, incidents: fewer };
  for (const simpler of withSimpler(feeds, simplerFeeds)) yield { ...scenario, feeds: simpler };
  for (const simpler of withSimpler(receivers, simplerReceivers)) yield { ...scenario, receivers: simpler };
  for (const simpler of withSimpler(incidents, simplerIncidents)) yield { ...scenario, incidents: simpler };
  if (maxRunning > 1) yield { ...scenario, maxRunning: 1 };
}

/** Without the one half, without the other, without each. */
function* withoutSome<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let length = Math.ceil(items.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let start = 0; start < items.length; start += length) yield items.toSpliced(start, length);
  }
}

function* withSimpler<Item>(
  items: readonly Item[],
  simpler: (item: Item) => readonly Item[],
): Generator<readonly Item[]> {
  for (const [index, item] of items.entries()) for (const one of simpler(item)) yield items.with(index, one);
}

function simplerFeeds(feed: FeedSpec): FeedSpec[] {
  const { records, fileCount, blockBytes, format } = feed;
  const half = Math.floor(records.length / 2);
  const isPlain = records.every(({ padding, isBad }) => padding === 0 && !isBad);
  return [
    ...(half > 0
      ? [
          { ...feed, records: records.slice(0, half) },
          { ...feed, records: records.slice(half) },
        ]
      : []),
    ...(records.length > 0
      ? [
          { ...feed, records: records.slice(1) },
          { ...feed, records: records.slice(0, -1) },
        ]
      : []),
    ...(isPlain ? [] : [{ ...feed, records: records.map(() => ({ padding: 0, isBad: false })) }]),
    ...(fileCount > 1 ? [{ ...feed, fileCount: 1 }] : []),
    ...(blockBytes < 4096 ? [{ ...feed, blockBytes: 4096 }] : []),
    ...(format === 'ndjson' ? [] : [{ ...feed, format: 'ndjson' as const }]),
  ];
}

function simplerReceivers(receiver: ReceiverSpec): ReceiverSpec[] {
  return [
    ...(receiver.latencyMs > 0 ? [{ ...receiver, latencyMs: 0 }] : []),
    ...(receiver.maxBodyBytes === null ? [] : [{ ...receiver, maxBodyBytes: null }]),
    ...(receiver.isLegacy ? [{ ...receiver, isLegacy: false }] : []),
  ];
}

function simplerIncidents({ atStep, event }: Incident): Incident[] {
  if (event.kind !== 'request') return [];
  const { feed, receiver, isReIngestion, chunkRecords, ...settings } = event.request;
  const bare = { feed, receiver, isReIngestion, ...(chunkRecords === undefined ? {} : { chunkRecords }) };
  const without = Object.keys(settings).map((key) => ({ ...event.request, [key]: undefined }));
  const isBare = Object.values(settings).every((value) => value === undefined);
  return isBare ? [] : [bare, ...without].map((request) => ({ atStep, event: { kind: 'request', request } }));
}
