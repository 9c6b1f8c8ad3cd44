import type { Answer } from './answer.ts';
import type { Message } from './message.ts';
import { readMessage } from './message.ts';
import { type Delivery, receive } from './receive.ts';
import type { ReceiverStore } from './receiver-store.ts';

/** How a receiver reads bodies and decides on them: the reference receiver's way, or that of the original one. */
export interface Dialect {
  /** Never throws for what a sender can send. */
  read(body: Uint8Array): Message;
  /** Called in a transaction. */
  decide(delivery: Delivery): Answer;
}

/** What the reference receiver judges signatures by. */
export interface ReferenceOptions {
  /** The `whsec_` secret that deliveries must be signed with; null: signatures are not looked at. */
  readonly secret: string | null;
  /** Wall clock, ms since 1970. */
  readonly now: () => number;
}

/** The reference receiver's dialect, docs/protocol.md. */
export function referenceDialect(store: ReceiverStore, { secret, now }: ReferenceOptions): Dialect {
  return {
    read: readMessage,
    decide: (delivery) => receive(delivery, { store, secret, nowSeconds: Math.floor(now() / 1000) }),
  };
}
