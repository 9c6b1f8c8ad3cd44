/**
 * When to look again: at each event of the service where it streams them, else every second. Events are taken as a sign that something changed, and what changed is read from the API, so that both
 * ways show the same, and events that were missed need not be asked for. EventSource could not send the token.
 *
 * Browsers open six connections to a service that speaks HTTP/1.1, over all tabs: were each held by a stream, nothing else would come through. So only tabs that are seen have a stream, of these three at
 * most where the browser can tell (Web Locks, not over plain HTTP from afar), and the others poll.
 */
import { request, spacingMs } from './api.js';

const POLL_MS = 1000;
/** What changes without an event, such as the service's own estimate. */
const SLOW_POLL_MS = 5000;
/** A tab that nobody sees has its title to keep. */
const HIDDEN_POLL_MS = 15_000;
/** After a failure: soon enough to see that it is over, and no burden on what has failed. */
export const AFTER_FAILURE_MS = 3000;
/** Events come by the dozen; the eye takes in two pictures a second. */
const FEWEST_MS_BETWEEN = 500;
const EVENTS_PATH = '/api/events';
/** A service that was away must not meet all pages in one moment. */
const RECONNECT_MS = { least: 1000, most: 4000 };
/** Where there is no stream to be had, such as when all are taken. */
const REFUSED_MS = 30_000;
const STREAM_PLACES = ['ackstream-stream-1', 'ackstream-stream-2', 'ackstream-stream-3'];

/** @typedef {ReturnType<typeof createBell>} Bell */

/** Over when the last view of this tab has given its place back: the next one would find it taken. */
let listening = Promise.resolve();

/**
 * Calls `onTick` until the signal; each call is waited for, and tells for how long the service is to be left alone after a failure, in ms (null: there was none).
 * @param {{ readonly onTick: () => Promise<number | null>, readonly onStream: (isOpen: boolean) => void, readonly signal: AbortSignal }} options
 */
export async function tick({ onTick, onStream, signal }) {
  const bell = createBell(signal);
  const stream = {
    isOpen: false,
    /** @param {boolean} isOpen */
    set(isOpen) {
      if (stream.isOpen === isOpen || signal.aborted) return;
      stream.isOpen = isOpen;
      onStream(isOpen);
    },
  };
  const begin = () => listen(stream, bell, signal);
  listening = listening.then(begin, begin);
  while (!signal.aborted) {
    const leaveAloneMs = await onTick();
    const fewestMs = Math.max(FEWEST_MS_BETWEEN, spacingMs(), leaveAloneMs ?? 0);
    if (leaveAloneMs !== null) await bell.wait(fewestMs, AFTER_FAILURE_MS);
    else await bell.wait(fewestMs, isHidden() ? HIDDEN_POLL_MS : stream.isOpen ? SLOW_POLL_MS : POLL_MS);
  }
}

function isHidden() {
  return document.visibilityState === 'hidden';
}

/**
 * Rings at each event, while the tab is seen.
 * @param {{ set(isOpen: boolean): void }} stream
 * @param {Bell} bell
 * @param {AbortSignal} signal
 */
async function listen(stream, bell, signal) {
  while (!signal.aborted) {
    let wasOpen = false;
    if (!isHidden()) {
      await inPlace(async () => {
        wasOpen = await follow(stream, bell, signal);
      });
    }
    stream.set(false);
    const { least, most } = RECONNECT_MS;
    await pauseUntilSeen(wasOpen ? least + Math.random() * (most - least) : REFUSED_MS, signal);
  }
}

/**
 * Runs `work` where this tab gets one of the places that all tabs share.
 * @param {() => Promise<void>} work
 */
async function inPlace(work) {
  const { locks } = /** @type {{ readonly locks?: LockManager }} */ (navigator);
  if (locks === undefined) return work();
  let hasHadPlace = false;
  for (const name of STREAM_PLACES) {
    if (hasHadPlace) return;
    await locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock === null) return;
      hasHadPlace = true;
      await work();
    });
  }
}

/**
 * Follows the stream until it ends or the tab is hidden.
 * @param {{ set(isOpen: boolean): void }} stream
 * @param {Bell} bell
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} false: the service gave none
 */
async function follow(stream, bell, signal) {
  // Either may have come about while the place was asked for.
  if (signal.aborted || isHidden()) return true;
  const over = new AbortController();
  const end = () => over.abort();
  const endIfHidden = () => isHidden() && end();
  signal.addEventListener('abort', end);
  document.addEventListener('visibilitychange', endIfHidden);
  try {
    const response = await request(EVENTS_PATH, { headers: { Accept: 'text/event-stream' }, signal: over.signal });
    const isStream = response.headers.get('Content-Type')?.startsWith('text/event-stream') === true;
    if (!response.ok || !isStream || response.body === null) {
      await response.body?.cancel();
      return false;
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      stream.set(true);
      bell.ringAt(part.value);
    }
  } catch {
    // It broke off, or is left: what can be read of the service tells which.
    bell.ring();
  } finally {
    end();
    signal.removeEventListener('abort', end);
    document.removeEventListener('visibilitychange', endIfHidden);
  }
  return true;
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * @param {number} ms at most; less where the tab comes into sight
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pauseUntilSeen(ms, signal) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      over.abort();
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, ms);
    document.addEventListener('visibilitychange', end, { signal: over.signal });
    signal.addEventListener('abort', end, { signal: over.signal });
  });
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
  window.addEventListener('online', ring, { signal });
  return {
    ring,
    /** @param {string} text of the stream; its comments only keep it awake */
    ringAt(text) {
      if (/^[^:\s]/m.test(text)) ring();
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
