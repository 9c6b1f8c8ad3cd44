import { command, request } from './person.ts';
import type { Incident, IncidentEvent } from './scenario.ts';
import type { SimulatedFeed } from './simulated-feed.ts';
import type { SimulatedReceiver } from './simulated-receiver.ts';
import type { World } from './world.ts';

/** Lets the incidents of a scenario happen, in their order, each once. */
export class Incidents {
  readonly #world: World;
  readonly #pending: Incident[];

  constructor(world: World) {
    this.#world = world;
    this.#pending = world.scenario.incidents.toSorted((one, other) => one.atStep - other.atStep);
  }

  /** A sender has come to a step. */
  reached(step: number, place: string): void {
    for (let next = this.#pending[0]; next !== undefined && next.atStep <= step; next = this.#pending[0]) {
      this.#happen(place);
    }
  }

  /** Nothing goes on: what is to come comes now. False: nothing is to come. */
  hurry(): boolean {
    if (this.#pending.length === 0) return false;
    this.#happen('rest');
    return true;
  }

  #happen(place: string): void {
    const incident = this.#pending.shift();
    if (incident === undefined) return;
    const { kind } = incident.event;
    if (kind !== 'request') this.#world.count(kind);
    this.#world.trace.note('world', `${JSON.stringify(incident.event)} with ${place}`);
    happen(this.#world, incident.event);
  }
}

function happen(world: World, event: IncidentEvent): void {
  switch (event.kind) {
    case 'request':
      request(world, event.request);
      return;
    case 'pause':
    case 'resume':
    case 'cancel':
      command(world, event.kind, event.ingestion);
      return;
    case 'sender-crash':
    case 'sender-restart':
    case 'sender-overtaken':
      befallSender(world, event);
      return;
    case 'store-refuses':
      world.refuseWrites(event.durationMs);
      return;
    case 'receiver-crash':
    case 'receiver-restored':
      befallReceiver(world, event);
      return;
    case 'source-touched':
      feedOf(world, event.feed)?.touch();
      return;
    case 'source-changed':
      feedOf(world, event.feed)?.change(event.change);
      return;
    case 'source-unreadable': {
      const feed = feedOf(world, event.feed);
      feed?.setReadable(false);
      world.time.schedule(event.durationMs, null, () => feed?.setReadable(true));
      return;
    }
  }
}

type SenderEvent = Extract<IncidentEvent, { kind: 'sender-crash' | 'sender-restart' | 'sender-overtaken' }>;

function befallSender(world: World, event: SenderEvent): void {
  const { sender, figures } = world;
  if (!sender.isAlive) return;
  switch (event.kind) {
    case 'sender-crash':
      figures.crashes += 1;
      sender.kill();
      startLater(world, event.downMs);
      return;
    case 'sender-restart':
      void sender.stop().then(() => startLater(world, event.downMs));
      return;
    case 'sender-overtaken':
      // Two that only begin are kept apart by the lock.
      if (!sender.isOpen) return;
      sender.freeze(event.frozenMs);
      sender.isOvertaken = true;
      world.startSender();
  }
}

/** One that died while it was to end is followed by one process, not by two. */
function startLater(world: World, downMs: number): void {
  world.time.schedule(downMs, null, () => {
    if (!world.sender.isAlive) world.startSender();
  });
}

type ReceiverEvent = Extract<IncidentEvent, { kind: 'receiver-crash' | 'receiver-restored' }>;

/** How long it takes to put a backup back, ms. */
const RESTORE_MS = 3_000;

function befallReceiver(world: World, event: ReceiverEvent): void {
  const receiver: SimulatedReceiver | undefined = world.receivers[event.receiver % world.receivers.length];
  if (receiver === undefined) return;
  receiver.fall();
  world.network.cut(receiver);
  if (event.kind === 'receiver-crash') {
    world.figures.crashes += 1;
    world.time.schedule(event.downMs, null, () => receiver.rise());
    return;
  }
  world.figures.restores += 1;
  world.time.schedule(RESTORE_MS, null, () => {
    receiver.restore(event.lostChunks);
    receiver.rise();
  });
}

function feedOf(world: World, index: number): SimulatedFeed | undefined {
  return world.feeds[index % world.feeds.length];
}
