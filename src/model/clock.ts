/** The time, as a parameter: tests and simulations bring their own. */
export interface Clock {
  /** Wall clock, ms since 1970. */
  now(): number;
  /** Resolves after `durationMs`, or at once when the signal is aborted; never rejects. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** A source of random numbers in [0, 1). */
export type Random = () => number;
