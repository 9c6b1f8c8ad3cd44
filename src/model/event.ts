import type { Status } from './ingestion.ts';
import type { OutcomeKind } from './outcome.ts';

/** What can happen that is put on record for those who look on. */
export const EVENT_KINDS = ['state', 'chunk', 'attempt_failed', 'rejects', 'circuit'] as const;
/** One of {@link EVENT_KINDS}. */
export type EventKind = (typeof EVENT_KINDS)[number];

/** An ingestion has another status. */
export interface StateEvent {
  readonly kind: 'state';
  readonly status: Status;
  /** What is shown as its last error then. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** How far an ingestion is, as its checkpoint says; a rewind takes all but `chunkCount` back. */
export interface ChunkEvent {
  readonly kind: 'chunk';
  readonly nextChunkNumber: number;
  readonly recordCount: number;
  /** Source bytes read up to the end of the last acknowledged chunk. */
  readonly sourceBytes: number;
  /** Chunks that were ever acknowledged, each counted once. */
  readonly chunkCount: number;
}

/** An attempt ended without an acknowledgement. */
export interface AttemptFailedEvent {
  readonly kind: 'attempt_failed';
  /** Null: it was at COMPLETED. */
  readonly chunkNumber: number | null;
  readonly attempt: number;
  readonly outcome: OutcomeKind;
  readonly httpStatus: number | null;
  readonly reason: string | null;
  /** When it is tried again, wall clock in ms; null: not by itself, or not known yet. */
  readonly nextAttemptAt: number | null;
}

/** How many bad records of an ingestion are set aside. */
export interface RejectsEvent {
  readonly kind: 'rejects';
  readonly rejectedRecords: number;
}

/** A circuit to a callback origin has another state, or another time for its next probe. */
export interface CircuitEvent {
  readonly kind: 'circuit';
  readonly origin: string;
  readonly state: 'open' | 'half-open' | 'closed';
  /** When it opened, wall clock in ms; null: it is closed. */
  readonly since: number | null;
  readonly nextProbeAt: number | null;
}

/** What is told of a circuit that is closed, or of whose origin nothing is known any more. */
export const CLOSED_CIRCUIT = { kind: 'circuit', state: 'closed', since: null, nextProbeAt: null } as const;

/** What happened to an ingestion. */
export type IngestionEventContent = StateEvent | ChunkEvent | AttemptFailedEvent | RejectsEvent;

/** An event before it has its number: of one ingestion, or of a circuit, which is no single one's. `at` is wall clock, ms. */
export type NewEvent =
  | { readonly ingestionId: string; readonly at: number; readonly content: IngestionEventContent }
  | { readonly ingestionId: null; readonly at: number; readonly content: CircuitEvent };

/** An event on record. */
export type LoggedEvent = NewEvent & {
  /** Increasing over the whole service, never given out twice. */
  readonly id: number;
};
