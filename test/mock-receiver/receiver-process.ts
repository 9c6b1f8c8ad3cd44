import { onTestFinished } from 'vitest';
import { killReceiver, launchReceiver, type ReceiverProcess } from '../harness/launch-receiver.ts';

/** Starts the receiver's command; it is killed when the test has finished. */
export async function startReceiverProcess(...args: readonly string[]): Promise<ReceiverProcess> {
  const receiver = await launchReceiver(...args);
  onTestFinished(() => killReceiver(receiver));
  return receiver;
}
