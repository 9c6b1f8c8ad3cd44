/** How a run is spoken to from outside: end, give up the attempt in flight, look at the settings again. */
export class RunControl {
  readonly #stop = new AbortController();
  readonly #attempt = new AbortController();
  #change = new AbortController();

  /** Aborted: no further attempt begins, waits end. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborted: the attempt in flight ends at once as `unknown`. */
  get attemptSignal(): AbortSignal {
    return this.#attempt.signal;
  }

  /** Aborted: waits end, because the settings have changed. A new signal after each {@link takeChange}. */
  get changeSignal(): AbortSignal {
    return this.#change.signal;
  }

  stop(): void {
    this.#stop.abort();
  }

  abortAttempt(): void {
    this.#attempt.abort();
  }

  announceChange(): void {
    this.#change.abort();
  }

  /** Whether a change was announced since the last call. */
  takeChange(): boolean {
    if (!this.#change.signal.aborted) return false;
    this.#change = new AbortController();
    return true;
  }
}
