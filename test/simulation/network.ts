import type { Exchange, Post, PostChannel } from '../../src/delivery/post-channel.ts';
import { type AnswerOnTheWay, type Route, routeUnder } from './network-route.ts';
import { readSent, type SentMessage } from './oracle/wire-oracle.ts';
import type { SenderProcess } from './sender-process.ts';
import type { SimulatedReceiver } from './simulated-receiver.ts';
import type { Life } from './virtual-time.ts';
import type { World } from './world.ts';

/** The deadline over everything of a POST, as the real channel has it. */
const POST_DEADLINE_MS = 120_000;

/** A POST from its beginning to what its sender learns of it. */
interface Flight extends Life {
  readonly sender: SenderProcess;
  readonly receiver: SimulatedReceiver;
  readonly sent: SentMessage;
  readonly post: Post;
  /** The bytes as they were at the beginning. */
  readonly body: Uint8Array;
  readonly route: Route;
  isConnected: boolean;
  /** Until the sender has learned what became of it, or is gone. */
  isAlive: boolean;
  readonly end: (exchange: Exchange) => void;
}

/** The way between senders and receivers. */
export class Network {
  readonly #world: World;
  readonly #flights = new Set<Flight>();
  #messageCount = 0;
  /** While false, messages arrive. */
  isFaulty = true;

  constructor(world: World) {
    this.#world = world;
  }

  /** Messages that were sent. */
  get messageCount(): number {
    return this.#messageCount;
  }

  /** A channel from one process to one receiver. */
  channel(sender: SenderProcess, receiver: SimulatedReceiver): PostChannel {
    return {
      post: async (post) => {
        await sender.pass('send');
        if (post.signal.aborted) return { kind: 'unanswered', reason: 'given up', status: null };
        const sent = readSent(post.body, post.headers);
        if (sent === null) {
          this.#world.accuse('body-untouched', 'what is sent is no message');
          return { kind: 'not-connected', reason: 'what is sent is no message' };
        }
        const exchange = await this.#send(sender, receiver, { post, sent });
        await sender.pass('answer');
        return exchange;
      },
      close: async () => {},
    };
  }

  /** All connections to a receiver are cut. */
  cut(receiver: SimulatedReceiver): void {
    for (const flight of this.#flights) {
      if (flight.receiver !== receiver || !flight.isConnected) continue;
      flight.isConnected = false;
      flight.end({ kind: 'unanswered', reason: 'connection reset', status: null });
    }
  }

  /** A process is gone: nobody waits for its answers. */
  abandon(sender: SenderProcess): void {
    for (const flight of this.#flights) {
      if (flight.sender !== sender) continue;
      flight.isAlive = false;
      this.#flights.delete(flight);
      this.#world.wire.ended(flight.sent);
    }
  }

  #send(
    sender: SenderProcess,
    receiver: SimulatedReceiver,
    { post, sent }: Pick<Flight, 'post' | 'sent'>,
  ): Promise<Exchange> {
    const world = this.#world;
    const number = this.#messageCount;
    this.#messageCount += 1;
    const body = Uint8Array.from(post.body);
    const fault = this.isFaulty ? world.takeFault(number) : null;
    const what = `${describe(sent)}, attempt ${sent.attempt}, epoch ${sent.epoch}`;
    world.trace.note(
      sender.name,
      `sends ${what} (message ${number})${fault === null ? '' : `: ${JSON.stringify(fault)}`}`,
    );
    const latestEpoch = world.state.get(sent.ingestionId)?.epoch ?? 0;
    world.wire.sent(sent, world.time.now(), latestEpoch);
    const route = routeUnder(fault, sent, { isLegacy: receiver.isLegacy, now: world.time.now() });
    return new Promise((resolve) => {
      const flight: Flight = {
        sender,
        receiver,
        sent,
        post,
        body,
        route,
        isConnected: false,
        isAlive: true,
        end: (exchange) => {
          if (!flight.isAlive) return;
          flight.isAlive = false;
          this.#flights.delete(flight);
          world.wire.answered(sent, exchange, world.time.now());
          world.trace.note(sender.name, `${describe(sent)}: ${describeExchange(exchange)}`);
          resolve(exchange);
        },
      };
      this.#flights.add(flight);
      post.signal.addEventListener('abort', () => flight.end({ kind: 'unanswered', reason: 'given up', status: null }));
      this.#begin(flight);
    });
  }

  #begin(flight: Flight): void {
    const { time } = this.#world;
    const { route, receiver } = flight;
    time.schedule(this.#latency(receiver), flight, () => {
      if (route.refusal === 'refused') return flight.end({ kind: 'refused', reason: 'the guard says no' });
      if (route.refusal === 'not-connected' || !receiver.isListening) {
        return flight.end({ kind: 'not-connected', reason: 'connection refused' });
      }
      flight.isConnected = true;
      for (const delayMs of route.arrivals) {
        time.schedule(this.#latency(receiver) + delayMs, null, () => this.#arrive(flight, delayMs > 0));
      }
      time.schedule(POST_DEADLINE_MS, flight, () =>
        flight.end({ kind: 'unanswered', reason: 'no complete answer in time', status: null }),
      );
      if (route.silence === 'reset') {
        time.schedule(this.#latency(receiver) * 3, flight, () =>
          flight.end({ kind: 'unanswered', reason: 'connection reset', status: null }),
        );
      }
      if (route.forgedAnswer !== null) this.#answer(flight, route.forgedAnswer);
    });
  }

  /** @param isStray whether it comes by itself, long after or beside the connection it was sent on */
  #arrive(flight: Flight, isStray: boolean): void {
    const { receiver, body, route, post, sent } = flight;
    const world = this.#world;
    if (!receiver.isListening || (!isStray && !flight.isConnected)) return;
    if (flight.isAlive && Buffer.compare(post.body, body) !== 0) {
      world.accuse('body-untouched', `${describe(sent)} was written over while it was sent`);
    }
    if (flight.isAlive) post.onSent?.();
    const answer = receiver.receive(route.alterBody(body), post.headers);
    world.wire.received(receiver, answer);
    if (answer.kind === 'stored') world.figures.chunks += 1;
    world.trace.note(receiver.name, `${describe(sent)}${isStray ? ' (stray)' : ''}: ${answer.kind}`);
    const isAnswered = !isStray && route.silence === null && route.forgedAnswer === null;
    if (!isAnswered) return;
    const { status, text } = answer;
    this.#answer(flight, route.alterAnswer({ status, retryAfter: null, body: Buffer.from(text) }));
  }

  #answer(flight: Flight, { status, retryAfter, body }: AnswerOnTheWay): void {
    const delayMs = this.#latency(flight.receiver) * 2 + flight.route.answerDelayMs;
    this.#world.time.schedule(delayMs, flight, () => {
      if (flight.isConnected)
        flight.end({ kind: 'answered', status, rawHeaders: [], retryAfter, contentEncoding: null, body });
    });
  }

  #latency({ latencyMs }: SimulatedReceiver): number {
    return this.#world.chance.whole(0, latencyMs);
  }
}

function describe({ target, ingestionId }: SentMessage): string {
  return `${ingestionId.slice(0, 6)} ${target === 'completion' ? 'COMPLETED' : `chunk ${target}`}`;
}

function describeExchange(exchange: Exchange): string {
  if (exchange.kind !== 'answered') return `${exchange.kind}: ${exchange.reason}`;
  const retryAfter = exchange.retryAfter === null ? '' : ` Retry-After: ${exchange.retryAfter}`;
  const text = Buffer.from(exchange.body)
    .toString()
    .replaceAll(/[0-9a-f]{58}(?=")/g, '…');
  return `HTTP ${exchange.status}${retryAfter} ${text}`;
}
