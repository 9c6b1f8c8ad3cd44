import { CircuitBreaker, type Leave } from '../../src/delivery/circuit-breaker.ts';
import type { Verdict } from '../../src/delivery/origin-circuit.ts';
import type { CircuitEvent } from '../../src/model/event.ts';
import type { LogEvent, LogFields } from '../../src/model/logger.ts';

export const NOW = 1_767_225_600_000;
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HERE = 'https://here.example';
export const ELSEWHERE = 'https://here.example:8443';
export const ONE = 'an ingestion';
export const OTHER = 'another ingestion';

/** A breaker whose clock stands where the test puts it. */
export function breakerAt(time = NOW) {
  const clock = { time, now: () => clock.time, sleep: async () => undefined };
  const events: LogEvent[] = [];
  const logged: { readonly event: LogEvent; readonly fields: LogFields }[] = [];
  const log = (event: LogEvent, fields: LogFields = {}) => {
    events.push(event);
    logged.push({ event, fields });
  };
  const changes: CircuitEvent[] = [];
  const breaker = new CircuitBreaker({
    clock,
    logger: { debug: log, info: log, warn: log, error: log },
    onChange: (circuit) => changes.push(circuit),
  });
  const ask = (origin = HERE, maxDelayMs = 60 * MINUTE_MS, ingestionId = ONE): Leave =>
    breaker.admit({ ingestionId, origin, maxDelayMs });
  const settle = (leave: Leave, verdict: Verdict): void => {
    if (leave.kind === 'admitted') leave.settle(verdict);
  };
  const attempt = (verdict: Verdict, origin = HERE) => settle(ask(origin), verdict);
  return {
    breaker,
    clock,
    events,
    logged,
    changes,
    ask,
    settle,
    attempt,
    fail: (times: number, origin = HERE) => {
      for (let count = 0; count < times; count += 1) attempt('failure', origin);
    },
    shown: () => breaker.circuitFor({ origin: HERE, maxDelayMs: 60 * MINUTE_MS }),
    /** How long an attempt is put off; 0: it is let through. */
    putOffMs: (origin = HERE, maxDelayMs = 60 * MINUTE_MS) => {
      const leave = ask(origin, maxDelayMs);
      settle(leave, 'abandoned');
      return leave.kind === 'refused' ? leave.retryAfterMs : 0;
    },
  };
}
