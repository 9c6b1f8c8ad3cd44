import { IN_MEMORY } from '../../src/state/sqlite-connection.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { Chance } from './chance.ts';
import { Incidents } from './incidents.ts';
import { Network } from './network.ts';
import { FactBook } from './oracle/ingestion-facts.ts';
import { StateOracle } from './oracle/state-oracle.ts';
import type { Accuse, Violation } from './oracle/violation.ts';
import { WireOracle } from './oracle/wire-oracle.ts';
import type { NetworkFault, Scenario } from './scenario.ts';
import { SenderProcess } from './sender-process.ts';
import { SimulatedFeed } from './simulated-feed.ts';
import { SimulatedReceiver } from './simulated-receiver.ts';
import { Trace } from './trace.ts';
import { settled, VirtualTime } from './virtual-time.ts';

/** What happened in a world, counted. */
export interface Figures {
  chunks: number;
  crashes: number;
  restores: number;
  /** What befell it, by kind. */
  readonly faults: Record<string, number>;
}

/** Everything that a simulated delivery takes place in. */
export class World {
  readonly scenario: Scenario;
  readonly time = new VirtualTime();
  readonly trace = new Trace(() => this.time.elapsed());
  readonly chance: Chance;
  readonly store: StateStore = openSqliteStateStore({ path: IN_MEMORY });
  readonly feeds: readonly SimulatedFeed[];
  readonly receivers: readonly SimulatedReceiver[];
  readonly network: Network;
  readonly wire: WireOracle;
  readonly state: StateOracle;
  readonly incidents: Incidents;
  readonly book = new FactBook();
  readonly figures: Figures = { chunks: 0, crashes: 0, restores: 0, faults: {} };
  /** The first invariant that was broken; null: none. */
  violation: Violation | null = null;
  /** Refusals may overlap. */
  #refusalCount = 0;
  #stepCount = 0;
  #lastInOrder: Promise<unknown> = Promise.resolve();
  /** All that were ever started. */
  readonly #senders: SenderProcess[] = [];
  readonly #messageFaults: ReadonlyMap<number, NetworkFault>;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.chance = new Chance(scenario.seed ^ 0x5eed);
    this.feeds = scenario.feeds.map((spec, index) => new SimulatedFeed(spec, index));
    this.receivers = scenario.receivers.map((spec, index) => new SimulatedReceiver(spec, index, () => this.time.now()));
    this.#messageFaults = new Map(scenario.messageFaults.map(({ message, fault }) => [message, fault]));
    this.wire = new WireOracle(this.book, this.accuse);
    this.state = new StateOracle(this.book, this.accuse);
    this.network = new Network(this);
    this.incidents = new Incidents(this);
    this.startSender();
  }

  /** The process that people talk to: the one that was started last. */
  get sender(): SenderProcess {
    return this.#senders.at(-1) as SenderProcess;
  }

  get isStoreRefusing(): boolean {
    return this.#refusalCount > 0;
  }

  /** Notes what was broken; what follows from it is of no interest. */
  readonly accuse: Accuse = (invariant, detail) => {
    if (this.violation !== null) return;
    this.violation = { invariant, detail };
    this.trace.note('oracle', `VIOLATION of ${invariant}: ${detail}`);
  };

  startSender(): void {
    const sender = new SenderProcess(this, this.#senders.length + 1);
    this.#senders.push(sender);
    this.trace.note(sender.name, 'starts');
    void sender.start();
  }

  /** A process passes a place at which anything may happen. */
  stepped(sender: SenderProcess, place: string): void {
    this.#stepCount += 1;
    this.incidents.reached(this.#stepCount, `${sender.name} at "${place}"`);
  }

  /** Does one thing after the other, however long each has to wait for what it needs. */
  inOrder<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#lastInOrder.then(work);
    this.#lastInOrder = done.catch(() => {});
    return done;
  }

  refuseWrites(durationMs: number): void {
    this.#refusalCount += 1;
    this.time.schedule(durationMs, null, () => {
      this.#refusalCount -= 1;
      this.trace.note('store', 'writes again');
    });
  }

  /** The fault that is meant for a message. */
  takeFault(message: number): NetworkFault | null {
    const fault = this.#messageFaults.get(message) ?? null;
    if (fault !== null) this.count(fault.kind === 'strange-answer' ? `strange-answer ${fault.answer}` : fault.kind);
    return fault;
  }

  count(kind: string): void {
    this.figures.faults[kind] = (this.figures.faults[kind] ?? 0) + 1;
  }

  feedAt(path: string): SimulatedFeed {
    const feed = this.feeds.find(({ filePath }) => path === filePath || path.startsWith(`${filePath}/`));
    if (feed === undefined) throw new RangeError(`no feed at ${path}`);
    return feed;
  }

  receiverAt(url: string): SimulatedReceiver {
    const receiver = this.receivers.find((one) => one.url === url);
    if (receiver === undefined) throw new RangeError(`no receiver at ${url}`);
    return receiver;
  }

  async close(): Promise<void> {
    for (const sender of this.#senders) sender.kill();
    await settled();
    for (const receiver of this.receivers) receiver.store.close();
    await this.store.close();
  }
}
