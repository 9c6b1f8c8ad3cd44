import type { StateStore } from '../../../src/state/state-store.ts';

/** A store under test. */
export interface OpenedStateStore {
  /** The store as it was opened last. */
  readonly store: StateStore;
  /** Closes the store and opens it again, as a restart does; gives the new one. */
  reopen(): Promise<StateStore>;
  /** Closes it and removes all it has left. */
  close(): Promise<void>;
}

/** The store of the running test. */
export type Subject = () => OpenedStateStore;
