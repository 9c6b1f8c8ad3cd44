import { describe, expect, it } from 'vitest';
import { RunControl } from '../../src/ingestion/run-control.ts';

describe('the control of a run', () => {
  it('interrupts for a change once, and not for the next wait', () => {
    const control = new RunControl();
    const before = control.interruptionSignal;
    control.announceChange();
    expect(before.aborted).toBe(true);
    expect(control.stopSignal.aborted).toBe(false);
    expect(control.takeChange()).toBe(true);
    expect(control.takeChange()).toBe(false);
    expect(control.interruptionSignal.aborted).toBe(false);
  });

  it('tells of a change that was announced while nobody waited', () => {
    const control = new RunControl();
    control.announceChange();
    control.announceChange();
    expect(control.interruptionSignal.aborted).toBe(true);
    expect(control.takeChange()).toBe(true);
    expect(control.takeChange()).toBe(false);
  });

  it('stays stopped whatever else is announced or taken', () => {
    const control = new RunControl();
    control.announceChange();
    control.stop();
    expect(control.takeChange()).toBe(true);
    expect(control.stopSignal.aborted).toBe(true);
    expect(control.interruptionSignal.aborted).toBe(true);
    expect(control.takeChange()).toBe(false);
  });

  it('lets the attempt in flight go on when it stops, until it is given up', () => {
    const control = new RunControl();
    control.stop();
    expect(control.attemptSignal.aborted).toBe(false);
    control.abortAttempt();
    expect(control.attemptSignal.aborted).toBe(true);
  });
});
