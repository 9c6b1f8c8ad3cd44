import type { Circuit } from '../model/circuit.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Asking, CircuitBreaker } from './circuit-breaker.ts';
import type { AttemptContext, Destination } from './destination.ts';
import type { Verdict } from './origin-circuit.ts';

/** A destination to which nothing is sent while the circuit to its origin is open: an attempt then is a connection never made. */
export function withCircuit(
  destination: Destination,
  { breaker, ...asking }: Asking & { readonly breaker: CircuitBreaker },
): Destination {
  async function guarded(context: AttemptContext, send: () => Promise<Outcome>): Promise<Outcome> {
    const leave = breaker.admit(asking);
    if (leave.kind === 'refused') {
      return {
        kind: 'unavailable',
        reason: refusalOf(leave.circuit),
        httpStatus: null,
        retryAfterMs: leave.retryAfterMs,
      };
    }
    // Who gives an attempt up does not wait for it, and nor shall those who wait for the probe that it may be.
    const abandon = () => leave.settle('abandoned');
    context.signal.addEventListener('abort', abandon);
    if (context.signal.aborted) abandon();
    try {
      const outcome = await send();
      leave.settle(verdictOf(outcome), 'reason' in outcome ? outcome.reason : null);
      return outcome;
    } finally {
      abandon();
      context.signal.removeEventListener('abort', abandon);
    }
  }

  return {
    attempt: (chunk, context) => guarded(context, () => destination.attempt(chunk, context)),
    complete: (completion, context) => guarded(context, () => destination.complete(completion, context)),
    close: () => destination.close(),
  };
}

/** What an outcome says of the origin: whatever was answered but a status that says "not now", it answers. */
function verdictOf(outcome: Outcome): Verdict {
  if (outcome.kind === 'unavailable' || outcome.kind === 'unknown') return 'failure';
  // Without a status it was the guard that refused, and nobody was asked.
  if (outcome.kind === 'rejected' && outcome.httpStatus === null) return 'abandoned';
  return 'success';
}

/** What keeps being the reason, and why nothing was sent. */
function refusalOf({ origin, nextProbeAt, lastFailure }: Circuit): string {
  const until = nextProbeAt === null ? 'a probe is under way' : 'nothing is sent before the next probe';
  const refusal = `the circuit to ${origin} is open: ${until}`;
  return lastFailure === null ? refusal : `${lastFailure}; ${refusal}`;
}
