/** How a run is spoken to from outside: end, give up the attempt in flight, look at the settings again. */
export class RunControl {
  readonly #stop = new AbortController();
  readonly #attempt = new AbortController();
  #interruption = new AbortController();
  #isChangeAnnounced = false;

  /** Aborted: no further attempt begins, waits and reading end. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborted: the attempt in flight ends at once as `unknown`. */
  get attemptSignal(): AbortSignal {
    return this.#attempt.signal;
  }

  /** Aborted: no further attempt begins and waits end, since the run is to end or its settings have changed. A new signal after each {@link takeChange}. */
  get interruptionSignal(): AbortSignal {
    return this.#interruption.signal;
  }

  stop(): void {
    this.#stop.abort();
    this.#interruption.abort();
  }

  abortAttempt(): void {
    this.#attempt.abort();
  }

  announceChange(): void {
    this.#isChangeAnnounced = true;
    this.#interruption.abort();
  }

  /** Whether a change was announced since the last call. */
  takeChange(): boolean {
    if (!this.#isChangeAnnounced) return false;
    this.#isChangeAnnounced = false;
    this.#interruption = new AbortController();
    if (this.#stop.signal.aborted) this.#interruption.abort();
    return true;
  }
}
