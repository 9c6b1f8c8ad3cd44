import { onTestFinished } from 'vitest';
import type { FaultRuleInput } from '../../mock-receiver/fault-rules.ts';
import { createReceiver, type Receiver, type ReceiverOptions } from '../../mock-receiver/receiver.ts';

/** The reference receiver in this process, on a real port. */
export interface TestReceiver {
  readonly receiver: Receiver;
  readonly origin: string;
  readonly callbackUrl: string;
  /** Every attempt at `/callback`, as it was decided on. */
  readonly attempts: AttemptEvent[];
  setFaults(...faults: readonly FaultRuleInput[]): void;
  /** The accepted records, canonical, in order. */
  records(ingestionId: string): Promise<string[]>;
  report(ingestionId: string): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

type AttemptEvent = Parameters<NonNullable<ReceiverOptions['onAttempt']>>[0];

/** Starts a receiver; it is stopped when the test has finished, or before by the test itself. */
export async function startReceiver(options: ReceiverOptions & { readonly port?: number } = {}): Promise<TestReceiver> {
  const attempts: AttemptEvent[] = [];
  const receiver = createReceiver({ ...options, onAttempt: (event) => attempts.push(event) });
  const origin = await receiver.start(options.port ?? 0);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= receiver.stop();
    return stopped;
  };
  onTestFinished(stop);
  return {
    receiver,
    origin,
    callbackUrl: `${origin}/callback`,
    attempts,
    setFaults: (...faults) => receiver.faults.replace(faults),
    records: async (ingestionId) => linesOf(await (await fetch(`${origin}/records/${ingestionId}`)).text()),
    report: async (ingestionId) =>
      (await (await fetch(`${origin}/report/${ingestionId}`)).json()) as Record<string, unknown>,
    stop,
  };
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
