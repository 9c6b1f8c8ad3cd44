import type { Clock } from '../model/clock.ts';

/** What a promise resolves to; null where it fails or takes longer. */
export async function withinMs<Value>(
  durationMs: number,
  promise: Promise<Value>,
  clock: Clock,
): Promise<Value | null> {
  const settled = new AbortController();
  const value = promise.catch(() => null).finally(() => settled.abort());
  return Promise.race([
    value,
    clock.sleep(durationMs, settled.signal).then(() => (settled.signal.aborted ? value : null)),
  ]);
}
