import { ApiError, post, read, ServiceGone, spacingMs } from './api.js';
import { h } from './dom.js';
import { count, counted } from './format.js';
import { remedyText } from './remedy-text.js';
import { AFTER_FAILURE_MS } from './ticks.js';

/** @typedef {import('./types.d.ts').Verification} Verification */

/** No event tells how far it is. */
const POLL_MS = 500;

/**
 * The comparison of what was delivered with the file, once it was asked for.
 * @param {string} path of the ingestion
 * @param {Pick<import('./types.d.ts').Surroundings, 'paint' | 'announce'>} surroundings
 */
export function createVerification(path, { paint, announce }) {
  const leaving = new AbortController();
  /** @type {Verification | null} */
  let verification = null;

  /** Reads how far it is; then: for how long to leave the service alone, in ms. */
  async function look() {
    try {
      verification = /** @type {Verification} */ (await read(`${path}/verification`));
      return 0;
    } catch (error) {
      // The service goes on with it meanwhile.
      if (error instanceof ServiceGone) return AFTER_FAILURE_MS;
      if (error instanceof ApiError && error.problem.status === 429) return error.retryAfterMs;
      throw error;
    }
  }

  return {
    /** Asks for one, and shows how far it is until it is done or the page is left. */
    async run() {
      try {
        verification = /** @type {Verification} */ (await post(`${path}/verify`));
        for (let leaveAloneMs = 0; verification.state === 'running'; leaveAloneMs = await look()) {
          paint();
          const waitMs = Math.max(POLL_MS, spacingMs(), leaveAloneMs);
          await new Promise((resolve) => setTimeout(resolve, waitMs));
          if (leaving.signal.aborted) return;
        }
        announce(wordsOf(verification).text);
      } catch (error) {
        // What was known of it is old; the page says why.
        verification = null;
        throw error;
      }
    },
    render: () => (verification === null ? null : verificationBox(verification)),
    close: () => leaving.abort(),
  };
}

/** @param {Verification} verification */
function verificationBox(verification) {
  const { kind, text } = wordsOf(verification);
  return h('div', { class: `box ${kind}`, 'data-key': 'verification' }, h('p', {}, text));
}

/** @param {Verification} verification */
function wordsOf({ state, chunks, chunks_verified: verified, records_verified: records, mismatch, error }) {
  if (mismatch !== null) {
    return { kind: 'bad', text: `Chunk ${count(mismatch.chunk_number)} differs: ${mismatch.message}` };
  }
  if (state === 'failed') {
    return {
      kind: 'bad',
      text: `It could not be verified: ${remedyText(`${error?.message ?? ''} ${error?.what_to_do ?? ''}`)}`,
    };
  }
  if (state === 'running') return { kind: '', text: `Verifying: ${count(verified)} of ${counted(chunks, 'chunk')}.` };
  const all = `All ${counted(verified, 'chunk')} (${counted(records, 'record')})`;
  return { kind: 'good', text: `${all} are in the file as they were delivered.` };
}
