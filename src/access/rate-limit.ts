import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** What is left to somebody of the present minute. */
export interface Allowance {
  /** Requests per minute. */
  readonly limit: number;
  readonly remaining: number;
  /** Until the next minute of theirs begins, at least 1. */
  readonly resetSeconds: number;
  readonly isOver: boolean;
}

const WINDOW_SECONDS = 60;

/** Counts by the minute, which begins with the first request in it. It is kept in memory: a restart begins anew. */
export class RateLimit {
  readonly #limiter: RateLimiterMemory;

  /** @param limit requests per minute, at least 1 */
  constructor(limit: number) {
    this.#limiter = new RateLimiterMemory({ points: limit, duration: WINDOW_SECONDS });
  }

  /** Counts a request. */
  async take(key: string): Promise<Allowance> {
    try {
      return this.#allowance(await this.#limiter.consume(key));
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return this.#allowance(refusal);
      throw refusal;
    }
  }

  /** Without counting one. */
  async look(key: string): Promise<Allowance> {
    return this.#allowance(await this.#limiter.get(key));
  }

  #allowance(counted: RateLimiterRes | null): Allowance {
    const limit = this.#limiter.points;
    const msLeft = counted?.msBeforeNext ?? 0;
    // A minute that is over is taken out by a timer, which may be late.
    const taken = msLeft > 0 ? (counted?.consumedPoints ?? 0) : 0;
    return {
      limit,
      remaining: Math.max(limit - taken, 0),
      resetSeconds: Math.max(Math.ceil(msLeft / 1000), 1),
      isOver: taken > limit,
    };
  }
}
