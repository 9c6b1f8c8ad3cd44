/** How far back outcomes count, ms. */
const WINDOW_MS = 5 * 60_000;
/** Outcomes are counted by spans of this length: a window costs the same whether there is one outcome in it or a million. */
const SPAN_MS = 10_000;
const SPANS = WINDOW_MS / SPAN_MS;

/** What was counted within one span of time. */
interface Span {
  /** Number of the span since 1970. */
  readonly number: number;
  total: number;
  failed: number;
}

/**
 * Counts the outcomes of the last 5 minutes, to 10 s. Times are wall clock, ms. What lies in the future, since the clock was set back, is forgotten: nobody
 * knows how long ago it was.
 */
export class OutcomeWindow {
  #spans: Span[] = [];

  add(isFailure: boolean, now: number): void {
    this.#forget(now);
    const number = spanAt(now);
    let span = this.#spans.at(-1);
    if (span?.number !== number) {
      span = { number, total: 0, failed: 0 };
      this.#spans.push(span);
    }
    span.total += 1;
    if (isFailure) span.failed += 1;
  }

  /** The outcomes within the window that ends now. */
  count(now: number): { readonly total: number; readonly failed: number } {
    this.#forget(now);
    return {
      total: this.#spans.reduce((sum, span) => sum + span.total, 0),
      failed: this.#spans.reduce((sum, span) => sum + span.failed, 0),
    };
  }

  clear(): void {
    this.#spans = [];
  }

  #forget(now: number): void {
    const newest = spanAt(now);
    this.#spans = this.#spans.filter(({ number }) => number > newest - SPANS && number <= newest);
  }
}

function spanAt(time: number): number {
  return Math.floor(time / SPAN_MS);
}
