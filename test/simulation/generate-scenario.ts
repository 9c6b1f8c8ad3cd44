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
  const requests = feeds.map(
    (_, feed): Incident => ({
      atStep: 0,
      event: {
        kind: 'request',
        request: randomRequest(chance, { feed, receiver: chance.whole(0, receivers.length - 1) }),
      },
    }),
  );
  const recordCount = feeds.reduce((sum, { records }) => sum + records.length, 0);
  const messageCount = Math.max(3, recordCount);
  const most = chance.one([0, 2, 4, 8, 20]);
  const others = chance.several(
    chance.whole(0, most),
    (): Incident => ({
      atStep: chance.whole(1, messageCount * STEPS_PER_CHUNK),
      event: randomEvent(chance, { feeds: feeds.length, receivers: receivers.length }),
    }),
  );
  return {
    seed,
    feeds,
    receivers,
    maxRunning: chance.whole(1, 3),
    incidents: [...requests, ...others],
    messageFaults: randomMessageFaults(chance, messageCount * 2),
  };
}

/** Most faults befall one message; some stay for a while, so that the same message meets them again. */
function randomMessageFaults(chance: Chance, messageCount: number): MessageFault[] {
  const share = chance.one([0, 0.05, 0.15, 0.3]);
  const faults: MessageFault[] = [];
  for (let message = 0; message < messageCount; message += 1) {
    if (!chance.happens(share)) continue;
    const fault = randomNetworkFault(chance);
    const lasting = chance.happens(0.2) ? chance.whole(2, 8) : 1;
    faults.push(...chance.several(lasting, (index) => ({ message: message + index, fault })));
    message += lasting - 1;
  }
  return faults;
}

function randomFeed(chance: Chance): FeedSpec {
  const badShare = chance.happens(0.3) ? chance.random() * 0.3 : 0;
  const longest = chance.one([0, 10, 80]);
  return {
    format: chance.one(['json', 'ndjson', 'csv']),
    fileCount: chance.happens(0.8) ? 1 : 2,
    records: chance.several(
      chance.one([chance.whole(0, 2), chance.whole(3, 12), chance.whole(3, 12), chance.whole(10, 40)]),
      () => ({
        padding: chance.whole(0, longest),
        isBad: chance.happens(badShare),
      }),
    ),
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
