/**
 * When to look again: at each event of the service where it streams them, else every second. Events are taken as a sign that something changed, and what changed is read from the API, so that both
 * ways show the same. EventSource could not send the token.
 */
import { request } from './api.js';

const POLL_MS = 1000;
/** What changes without an event, such as the service's own estimate. */
const SLOW_POLL_MS = 5000;
/** After a failure: soon enough to see that it is over, and no burden on what has failed. */
const AFTER_FAILURE_MS = 3000;
/** Events come by the dozen; the eye takes in two pictures a second. */
const FEWEST_MS_BETWEEN = 500;
const EVENTS_PATH = '/api/events';

/**
 * Calls `onTick` until the signal; each call is waited for, and tells whether all went well.
 * @param {{ readonly onTick: () => Promise<boolean>, readonly signal: AbortSignal }} options
 */
export async function tick({ onTick, signal }) {
  const bell = createBell(signal);
  const stream = { isOpen: false };
  void listen(stream, bell, signal);
  while (!signal.aborted) {
    const isFine = await onTick();
    const isHidden = document.visibilityState === 'hidden';
    await bell.wait(
      FEWEST_MS_BETWEEN,
      isFine ? (stream.isOpen || isHidden ? SLOW_POLL_MS : POLL_MS) : AFTER_FAILURE_MS,
    );
  }
}

/**
 * Rings at each event. Ends where the service has no stream; polling then goes on alone.
 * @param {{ isOpen: boolean }} stream
 * @param {ReturnType<typeof createBell>} bell
 * @param {AbortSignal} signal
 */
async function listen(stream, bell, signal) {
  let lastId = '';
  while (!signal.aborted) {
    try {
      const body = await openStream(lastId, signal);
      if (body === null) return;
      stream.isOpen = true;
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        lastId = [...part.value.matchAll(/^id: ?(\d+)\n/gm)].at(-1)?.[1] ?? lastId;
        bell.ringAt(part.value);
      }
    } catch {
      // It broke off, or the page was left: either way it is asked for anew below, or not.
    }
    // The service ended it, or is gone: polling tells which.
    stream.isOpen = false;
    bell.ring();
    await pause(SLOW_POLL_MS);
  }
}

/**
 * @param {string} lastId of the last event that was seen
 * @param {AbortSignal} signal
 * @returns {Promise<ReadableStream<Uint8Array<ArrayBuffer>> | null>} null: the service has no stream for this page
 */
async function openStream(lastId, signal) {
  const headers = { Accept: 'text/event-stream', ...(lastId === '' ? {} : { 'Last-Event-ID': lastId }) };
  const response = await request(EVENTS_PATH, { headers, signal });
  const isStream = response.headers.get('Content-Type')?.startsWith('text/event-stream') === true;
  if (response.ok && isStream) return response.body;
  await response.body?.cancel();
  return null;
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** @param {AbortSignal} signal */
function createBell(signal) {
  let isRung = false;
  /** @type {(() => void) | null} */
  let wake = null;
  const ring = () => {
    isRung = true;
    wake?.();
  };
  signal.addEventListener('abort', ring);
  document.addEventListener('visibilitychange', ring, { signal });
  return {
    ring,
    /** @param {string} text of the stream; its comments only keep it awake */
    ringAt(text) {
      if (/^event:/m.test(text)) ring();
    },
    /**
     * @param {number} fewestMs
     * @param {number} mostMs
     */
    async wait(fewestMs, mostMs) {
      await pause(fewestMs);
      if (!isRung)
        await Promise.race([pause(mostMs - fewestMs), new Promise((resolve) => (wake = () => resolve(null)))]);
      isRung = false;
      wake = null;
    },
  };
}
