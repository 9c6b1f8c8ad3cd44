import { describe, expect, it } from 'vitest';
import { breakerAt, ELSEWHERE, HERE, MINUTE_MS, NOW, ONE, OTHER, SECOND_MS } from './breaker-at.ts';

describe('a circuit', () => {
  it('is told of whenever it changes, and not otherwise', () => {
    const { clock, attempt, fail, ask, settle, changes } = breakerAt();
    attempt('success');
    fail(5);
    ask();
    clock.time += 30 * SECOND_MS;
    attempt('failure');
    clock.time += 60 * SECOND_MS;
    settle(ask(), 'abandoned');
    attempt('success');
    attempt('success');
    const open = { kind: 'circuit', origin: HERE, state: 'open', since: NOW };
    const halfOpen = { ...open, state: 'half-open', nextProbeAt: null };
    expect(changes).toEqual([
      { ...open, nextProbeAt: NOW + 30 * SECOND_MS },
      halfOpen,
      { ...open, nextProbeAt: NOW + 90 * SECOND_MS },
      halfOpen,
      { ...open, nextProbeAt: NOW + 90 * SECOND_MS },
      halfOpen,
      { ...open, state: 'closed', since: null, nextProbeAt: null },
    ]);
  });

  it('opens with the fifth failure in a row, and a success in between begins the row anew', () => {
    const { attempt, fail, shown } = breakerAt();
    fail(4);
    attempt('success');
    fail(4);
    expect(shown()).toBeNull();
    fail(1);
    expect(shown()).toEqual({
      origin: HERE,
      state: 'open',
      since: NOW,
      nextProbeAt: NOW + 30 * SECOND_MS,
      consecutiveFailures: 5,
      lastFailure: null,
    });
  });

  it('opens where 7 of 10 outcomes within 5 minutes are failures', () => {
    const { attempt, fail, shown } = breakerAt();
    for (const count of [3, 3]) {
      fail(count);
      attempt('success');
    }
    attempt('success');
    expect(shown()).toBeNull();
    fail(1);
    expect(shown()).toMatchObject({ state: 'open', consecutiveFailures: 1 });
  });

  it('judges no fewer than 10, and none of more than 5 minutes ago', () => {
    const { clock, attempt, fail, shown } = breakerAt();
    fail(4);
    attempt('success');
    fail(4);
    expect(shown()).toBeNull();
    clock.time += 5 * MINUTE_MS;
    attempt('success');
    fail(4);
    expect(shown()).toBeNull();
  });

  it('counts nothing that was abandoned', () => {
    const { attempt, fail, shown } = breakerAt();
    fail(4);
    for (let count = 0; count < 20; count += 1) attempt('abandoned');
    expect(shown()).toBeNull();
    fail(1);
    expect(shown()).not.toBeNull();
  });

  it('lets one probe through after its cool-down, and closes when that succeeds', () => {
    const { clock, events, ask, settle, fail, shown } = breakerAt();
    fail(5);
    clock.time += 30 * SECOND_MS - 1;
    expect(ask()).toMatchObject({ kind: 'refused', retryAfterMs: 1 });
    clock.time += 1;
    const probe = ask();
    expect(probe.kind).toBe('admitted');
    expect(ask()).toMatchObject({ kind: 'refused', circuit: { state: 'half-open', nextProbeAt: null } });
    settle(probe, 'success');
    expect(shown()).toBeNull();
    expect(ask().kind).toBe('admitted');
    expect(events).toEqual(['circuit.opened', 'circuit.probed', 'circuit.closed']);
  });

  it('cools down for 30 s, 60 s … up to 5 min, never longer than the asking ingestion wants to wait', () => {
    const { clock, fail, putOffMs } = breakerAt();
    fail(5);
    const coolDowns = Array.from({ length: 6 }, () => {
      expect(putOffMs(HERE, 20)).toBe(20);
      const coolDownMs = putOffMs();
      clock.time += coolDownMs;
      fail(1);
      return coolDownMs / SECOND_MS;
    });
    expect(coolDowns).toEqual([30, 60, 120, 240, 300, 300]);
  });

  it('gives the place of a probe that was abandoned to the next that asks', () => {
    const { clock, ask, settle, fail, shown } = breakerAt();
    fail(5);
    clock.time += MINUTE_MS;
    settle(ask(), 'abandoned');
    expect(shown()).toMatchObject({ state: 'open', since: NOW });
    expect(ask().kind).toBe('admitted');
  });

  it('is not judged by attempts that began before it opened', () => {
    const { clock, ask, settle, fail, shown } = breakerAt();
    const [early, late] = [ask(), ask()];
    fail(5);
    settle(early, 'success');
    expect(shown()?.state).toBe('open');
    clock.time += MINUTE_MS;
    settle(ask(), 'success');
    settle(late, 'failure');
    expect(shown()).toBeNull();
    fail(4);
    expect(shown()).toBeNull();
  });

  it('is not kept open by a clock that is set back', () => {
    const { clock, fail, shown, putOffMs } = breakerAt();
    fail(5);
    clock.time -= 60 * MINUTE_MS;
    expect(putOffMs()).toBe(30 * SECOND_MS);
    expect(shown()?.since).toBe(clock.time);
  });

  it('tells the probe of the ingestion that wants to wait least, by whichever way it is looked at', () => {
    const { breaker, clock, changes, ask, attempt, fail, logged } = breakerAt();
    const shown = () => ({
      listed: breaker.list()[0]?.nextProbeAt,
      told: changes.at(-1)?.nextProbeAt,
      logged: logged.findLast(({ event }) => event === 'circuit.opened')?.fields.next_probe_at,
    });
    const probeIn = (ms: number) => clock.time + ms;
    fail(5);
    ask(HERE, 45 * SECOND_MS, OTHER);
    clock.time += 30 * SECOND_MS;
    attempt('failure');
    expect(shown()).toEqual({ listed: probeIn(45_000), told: probeIn(45_000), logged: probeIn(45_000) });
    expect(ask(HERE, 20 * SECOND_MS, OTHER)).toMatchObject({ kind: 'refused', retryAfterMs: 20 * SECOND_MS });
    expect(shown()).toMatchObject({ listed: probeIn(20_000), told: probeIn(20_000) });
    breaker.withdraw(OTHER);
    expect(shown()).toMatchObject({ listed: probeIn(60_000), told: probeIn(60_000) });
  });
});

describe('a circuit that nobody needs', () => {
  it('is forgotten with the last ingestion that waits for it, and told as closed', () => {
    const { breaker, clock, changes, events, ask, fail } = breakerAt();
    fail(5);
    ask(HERE, MINUTE_MS, OTHER);
    breaker.withdraw(ONE);
    expect(breaker.list()).toMatchObject([{ origin: HERE, state: 'open' }]);
    clock.time += 30 * SECOND_MS;
    breaker.withdraw(OTHER);
    expect(breaker.list()).toEqual([]);
    expect(changes.at(-1)).toEqual({ kind: 'circuit', origin: HERE, state: 'closed', since: null, nextProbeAt: null });
    expect(events).toEqual(['circuit.opened', 'circuit.forgotten']);
    expect(ask().kind).toBe('admitted');
  });

  it('is not opened again by what was under way meanwhile', () => {
    const { breaker, clock, changes, ask, settle, fail } = breakerAt();
    fail(5);
    clock.time += 30 * SECOND_MS;
    const probe = ask();
    breaker.withdraw(ONE);
    const told = changes.length;
    settle(probe, 'failure');
    expect(breaker.list()).toEqual([]);
    expect(changes).toHaveLength(told);
  });

  it('does not open by the last attempt of an ingestion that was stopped', () => {
    const { breaker, changes, ask, settle, fail, events } = breakerAt();
    fail(4);
    const last = ask();
    breaker.withdraw(ONE);
    settle(last, 'failure');
    expect(breaker.list()).toEqual([]);
    expect([changes, events]).toEqual([[], []]);
  });

  it('counts for the next ingestion what failed before it opened, for hours', () => {
    const { breaker, clock, fail } = breakerAt();
    fail(4);
    breaker.withdraw(ONE);
    fail(1);
    expect(breaker.list()).toHaveLength(1);
    breaker.withdraw(ONE);
    fail(4);
    breaker.withdraw(ONE);
    clock.time += 3 * 60 * MINUTE_MS;
    expect(breaker.list()).toEqual([]);
    fail(1);
    expect(breaker.list()).toEqual([]);
  });

  it('is kept for as long as an ingestion waits for it, and no longer than until that goes elsewhere', () => {
    const { breaker, clock, changes, ask, fail } = breakerAt();
    fail(5);
    clock.time += 3 * 60 * MINUTE_MS;
    expect(breaker.list()).toMatchObject([{ origin: HERE }]);
    ask(ELSEWHERE);
    expect(breaker.list()).toEqual([]);
    expect(changes.at(-1)).toMatchObject({ origin: HERE, state: 'closed' });
  });
});
