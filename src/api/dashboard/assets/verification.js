import { post, read } from './api.js';
import { h } from './dom.js';
import { count, counted } from './format.js';

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
  return {
    /** Asks for one, and shows how far it is until it is done or the page is left. */
    async run() {
      verification = /** @type {Verification} */ (await post(`${path}/verify`));
      while (verification.state === 'running' && !leaving.signal.aborted) {
        paint();
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        verification = /** @type {Verification} */ (await read(`${path}/verification`));
      }
      announce('Verified.');
    },
    render: () => (verification === null ? null : verificationBox(verification)),
    close: () => leaving.abort(),
  };
}

/** @param {Verification} verification */
function verificationBox({ state, chunks, chunks_verified: verified, records_verified: records, mismatch, error }) {
  const [kind, text] =
    mismatch !== null
      ? ['bad', `The file does not give chunk ${count(mismatch.chunk_number)} as it was delivered.`]
      : state === 'failed'
        ? ['bad', `It could not be verified: ${error?.message ?? error?.code ?? 'unknown'}`]
        : state === 'done'
          ? [
              'good',
              `All ${counted(verified, 'chunk')} (${counted(records, 'record')}) are in the file as they were delivered.`,
            ]
          : ['', `Verifying: ${count(verified)} of ${counted(chunks, 'chunk')}.`];
  return h('div', { class: `box ${kind}`, 'data-key': 'verification' }, h('p', {}, text));
}
