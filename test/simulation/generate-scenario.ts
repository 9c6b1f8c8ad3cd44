import { Chance } from './chance.ts';
import { randomEvent, randomNetworkFault, randomRequest } from './generate-faults.ts';
import type { FeedSpec, Incident, MessageFault, ReceiverSpec, Scenario } from './scenario.ts';

/** How many steps a sender takes for one chunk, about: what incidents are spread over. */
const STEPS_PER_CHUNK = 14;
const LEGACY_SHARE = 0.2;

/** The scenario of a seed. */
export function generateScenario(seed: number): Scenario {
  const chance = new Chance(seed);
  const feeds = chance.several(chance.happens(0.7) ? 1 : chance.whole(2, 3), () => randomFeed(chance));
  const receivers = chance.several(chance.happens(0.8) ? 1 : 2, () => randomReceiver(chance));
  const requests = feeds.map((_, feed): Incident => ({
    atStep: 0,
    event: { kind: 'request', request: randomRequest(chance, { feed, receiver: chance.whole(0, receivers.length - 1) }) },
  }));
  const recordCount = feeds.reduce((sum, { records }) => sum + records.length, 0);
  const messageCount = Math.max(3, Math.ceil(recordCount / 2));
  const calm = chance.one([0, 1, 3, 6]);
  const others = chance.several(chance.whole(0, calm), (): Incident => ({
    atStep: chance.whole(1, messageCount * STEPS_PER_CHUNK),
    event: randomEvent(chance, { feeds: feeds.length, receivers: receivers.length }),
  }));
  const faultShare = chance.one([0, 0.05, 0.2, 0.5]);
  const faulty = chance
    .several(messageCount * 2, (message) => message)
    .filter(() => chance.happens(faultShare))
    .map((message): MessageFault => ({ message, fault: randomNetworkFault(chance) }));
  return {
    seed,
    feeds,
    receivers,
    maxRunning: chance.whole(1, 3),
    incidents: [...requests, ...others],
    messageFaults: faulty,
  };
}

function randomFeed(chance: Chance): FeedSpec {
  const badShare = chance.happens(0.3) ? chance.random() * 0.3 : 0;
  const longest = chance.one([0, 10, 80]);
  return {
    format: chance.one(['json', 'ndjson', 'csv']),
    fileCount: chance.happens(0.8) ? 1 : 2,
    records: chance.several(chance.one([0, 1, 2, chance.whole(3, 12), chance.whole(3, 30)]), () => ({
      padding: chance.whole(0, longest),
      isBad: chance.happens(badShare),
    })),
    blockBytes: chance.one([32, 256, 4096]),
  };
}

function randomReceiver(chance: Chance): ReceiverSpec {
  return {
    isLegacy: chance.happens(LEGACY_SHARE),
    maxBodyBytes: chance.happens(0.15) ? chance.whole(380, 700) : null,
    latencyMs: chance.one([0, 1, 20, 400]),
  };
}
