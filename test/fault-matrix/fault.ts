import type { LookupAddress } from 'node:dns';
import type { Socket } from 'node:net';
import type { ErrorCode } from '../../src/errors.ts';
import type { Status } from '../../src/model/ingestion.ts';
import type { Outcome } from '../../src/model/outcome.ts';

/** What a fault strikes: one of three chunks, or COMPLETED. */
export const POSITIONS = ['first', 'middle', 'last', 'COMPLETED'] as const;
/** One of {@link POSITIONS}. */
export type FaultPosition = (typeof POSITIONS)[number];

/** Whether it strikes twice, or until a person has mended the receiver and resumed the ingestion. */
export const COURSES = ['heals', 'persists'] as const;
/** One of {@link COURSES}. */
export type Course = (typeof COURSES)[number];

/** A request in the hands of a receiver that is about to misbehave. */
export interface Struck {
  readonly socket: Socket;
  readonly ingestionId: string;
  /** Of COMPLETED: that of the last chunk. */
  readonly chunkNumber: number;
  /** What a sound receiver answers. */
  readonly ack: string;
  /** The sender's wall clock, ms. */
  readonly now: number;
  /** The receiver loses what it has from this chunk on. */
  readonly forget: (fromChunkNumber: number) => void;
}

/** What happens on the wire. `isSlow`: only a deadline ends the attempt. */
export type Wire =
  /** The whole request is read, stored or not, and this is done in place of the answer. */
  | {
      readonly at: 'answer';
      readonly isStored: boolean;
      readonly isSlow: boolean;
      readonly answer: (struck: Struck) => void;
    }
  /** This is done with the bare TCP connection, which is made anew for each request. */
  | {
      readonly at: 'connection';
      readonly scheme: 'http' | 'https';
      readonly isSlow: boolean;
      readonly onConnection: (socket: Socket) => void;
    }
  /** Kept-alive connections are reset in the moment in which the next request is written, new ones with its first byte. */
  | { readonly at: 'idle'; readonly isSlow: false }
  /** The name leads elsewhere; `prepare` sees to what is there, on the receiver's port, and gives what ends it. */
  | {
      readonly at: 'lookup';
      readonly isSlow: boolean;
      readonly resolve: () => Promise<readonly LookupAddress[]>;
      readonly prepare?: (port: number) => Promise<() => Promise<void>>;
    };

/** When the next attempt is due. `backoff`: full jitter below 1 s, 2 s, 4 s … 60 s; `rejection`: after 5 s, then 30 s. */
export type NextTry =
  | { readonly kind: 'none' | 'at once' | 'backoff' | 'rejection' }
  | { readonly kind: 'asked'; readonly leastMs: number; readonly mostMs: number };

/** What Ackstream takes a fault for, and what follows. */
export interface Taken {
  readonly outcome: Outcome['kind'];
  /** Whether the ledger must count the chunk as possibly stored: then it may never be cut. */
  readonly mayBeStored: boolean;
  readonly nextTry: NextTry;
  /** Where the ingestion ends if the receiver stays as it is: after how many attempts at it (`window`: as many as fit in), and with which error. */
  readonly persisting: {
    readonly status: Status;
    readonly code: ErrorCode | null;
    readonly attempts: number | 'window';
  };
}

/** A row of the matrix. */
export interface Fault {
  /** As docs/receiver-faults.md names it. */
  readonly name: string;
  readonly wire: Wire;
  readonly taken: Taken;
  /** Where it is taken for something else. */
  readonly takenAt?: Partial<Readonly<Record<FaultPosition, Taken>>>;
}

/** A part of the matrix. */
export interface FaultGroup {
  readonly title: string;
  readonly faults: readonly Fault[];
}
