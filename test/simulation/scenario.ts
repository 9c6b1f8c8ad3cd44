/**
 * All that happens to a simulated delivery from outside, as plain data: a seed makes it, a shrinker takes away from it, and whatever plays it twice
 * sees the same.
 */

/** One record of a feed. */
export interface RecordSpec {
  /** Characters that make it longer. */
  readonly padding: number;
  readonly isBad: boolean;
}

/** A feed. */
export interface FeedSpec {
  readonly format: 'json' | 'ndjson' | 'csv';
  readonly fileCount: number;
  readonly records: readonly RecordSpec[];
  /** How many bytes come at a time. */
  readonly blockBytes: number;
}

/** A receiver. */
export interface ReceiverSpec {
  readonly isLegacy: boolean;
  /** Larger bodies are answered with 413; null: none is too large. */
  readonly maxBodyBytes: number | null;
  /** The longest that a message takes on its way, ms. */
  readonly latencyMs: number;
}

/** What a person asks for; what is left out stays as it is. */
export interface RequestSpec {
  readonly feed: number;
  readonly receiver: number;
  readonly isReIngestion: boolean;
  readonly chunkRecords?: number;
  readonly chunkBytes?: number;
  readonly quarantine?: boolean;
  readonly maxBad?: number | string;
  readonly windowSeconds?: number;
  readonly maxDelaySeconds?: number;
}

/** What happens beside the messages. `ingestion` and the like are indices, taken modulo how many there are. */
export type IncidentEvent =
  | { readonly kind: 'request'; readonly request: RequestSpec }
  | { readonly kind: 'pause' | 'resume' | 'cancel'; readonly ingestion: number }
  /** It dies between two steps; another begins after a while. */
  | { readonly kind: 'sender-crash'; readonly downMs: number }
  /** It is asked to end, and another begins. */
  | { readonly kind: 'sender-restart'; readonly downMs: number }
  /** It stands still while another takes over, and then goes on as if nothing had been. */
  | { readonly kind: 'sender-overtaken'; readonly frozenMs: number }
  | { readonly kind: 'store-refuses'; readonly durationMs: number }
  | { readonly kind: 'receiver-crash'; readonly receiver: number; readonly downMs: number }
  /** It comes back as it was before the last chunks that it stored, of whatever ingestion. */
  | { readonly kind: 'receiver-restored'; readonly receiver: number; readonly lostChunks: number }
  | { readonly kind: 'source-touched'; readonly feed: number }
  | { readonly kind: 'source-changed'; readonly feed: number; readonly change: SourceChange }
  | { readonly kind: 'source-unreadable'; readonly feed: number; readonly durationMs: number };

/** `grown`: a record more at its end; `rewritten`: other bytes in the same file; `replaced`: another file in its place. */
export type SourceChange = 'grown' | 'rewritten' | 'replaced';

/** An event and the step of the senders at which it comes; where none goes on any more, it comes all the same. */
export interface Incident {
  readonly atStep: number;
  readonly event: IncidentEvent;
}

/** What becomes of one message on its way, or of its answer. */
export type NetworkFault =
  | { readonly kind: 'not-connected' | 'refused' }
  | { readonly kind: 'request-lost' | 'answer-lost'; readonly noticed: 'reset' | 'timeout' }
  /** Given up by the sender, and there all the same after a while. */
  | { readonly kind: 'delayed'; readonly delayMs: number }
  /** There twice, the second time after a while. */
  | { readonly kind: 'duplicated'; readonly delayMs: number }
  | { readonly kind: 'request-corrupted' | 'request-truncated'; readonly place: number }
  | { readonly kind: 'answer-corrupted' | 'answer-truncated'; readonly place: number }
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Somebody on the way answers, before or after the receiver has the message. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfter: RetryAfterSpec | null;
      readonly isDelivered: boolean;
    }
  | { readonly kind: 'strange-answer'; readonly answer: StrangeAnswer }
  /** The receiver refuses without having looked, and says what it wants instead. */
  | { readonly kind: 'refusal'; readonly expected: 'absent' | 'same' | 'higher' | 'text' | 'lower' }
  | { readonly kind: 'higher-epoch'; readonly above: number };

/** A header as it stands in an answer: seconds, a date so many seconds from now, or no time at all. */
export type RetryAfterSpec =
  | { readonly seconds: number }
  | { readonly dateInSeconds: number }
  | { readonly text: string };

/** Success that is none, for the message itself was delivered and its answer replaced; `bom` and `number-as-text` are acknowledgements all the same. */
export const STRANGE_ANSWERS = [
  'other-chunk',
  'other-ingestion',
  'ack-as-text',
  'no-ack',
  'empty',
  'page',
  'array',
  'bom',
  'number-as-text',
] as const;
/** One of {@link STRANGE_ANSWERS}. */
export type StrangeAnswer = (typeof STRANGE_ANSWERS)[number];

/** A fault, and the message that it befalls: they are counted from 0 over the whole world. */
export interface MessageFault {
  readonly message: number;
  readonly fault: NetworkFault;
}

/** A whole scenario. */
export interface Scenario {
  readonly seed: number;
  readonly feeds: readonly FeedSpec[];
  readonly receivers: readonly ReceiverSpec[];
  /** Runs at once. */
  readonly maxRunning: number;
  readonly incidents: readonly Incident[];
  readonly messageFaults: readonly MessageFault[];
}
