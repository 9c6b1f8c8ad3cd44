import { ApiError, post, read, remove } from './api.js';
import { createCharts } from './charts.js';
import { h } from './dom.js';
import { fileName } from './format.js';
import { spokenState, statusWord } from './ingestion-parts.js';
import { buttons, failureBox, heading, progress, settings } from './ingestion-sections.js';
import { createLastFailedAttempt } from './last-failed-attempt.js';
import { createLedger } from './ledger.js';
import { createRejectList } from './reject-list.js';
import { FROM_ITS_START } from './remedy-text.js';
import { createVerification } from './verification.js';

/** @typedef {import('./types.d.ts').Ingestion} Ingestion */

/** What a request for a file that is known already came to (docs/protocol.md). @type {Readonly<Record<string, string>>} */
const MEETINGS = {
  COMPLETED:
    'This file was delivered to this callback before: nothing is sent again. “Deliver again…” sends it from its start.',
  RUNNING: 'This delivery was under way already; nothing was started beside it.',
  RESUMED: 'This delivery had stopped before its end, and goes on from there.',
};

/** What is shown of one ingestion, beside itself. */
class Parts {
  /**
   * @param {string} path
   * @param {import('./types.d.ts').Surroundings} surroundings
   */
  constructor(path, surroundings) {
    this.ledger = createLedger(path);
    this.failedAttempt = createLastFailedAttempt(path);
    this.rejects = createRejectList(path);
    this.charts = createCharts();
    this.verification = createVerification(path, surroundings);
  }
  /** @param {Ingestion} ingestion */
  async refresh(ingestion) {
    await Promise.all([this.ledger.refresh(ingestion), this.rejects.refresh(ingestion)]);
    await this.failedAttempt.refresh(ingestion, this.ledger.recent());
  }
  close() {
    this.charts.close();
    this.verification.close();
  }
}

/**
 * One ingestion: where it is, why, its chart, ledger and rejects.
 * @param {string} id
 * @param {URLSearchParams} parameters `met`: what came of the request that led here
 * @param {import('./types.d.ts').Surroundings} surroundings
 * @returns {import('./types.d.ts').View}
 */
export function createIngestionView(id, parameters, surroundings) {
  const path = `/api/ingestions/${id}`;
  const parts = new Parts(path, surroundings);
  /** @type {Ingestion | null} */
  let ingestion = null;
  let isMissing = false;

  const refresh = inTurn(async () => {
    const before = ingestion;
    try {
      /** @type {Ingestion} */
      const after = await read(path);
      await parts.refresh(after);
      ingestion = after;
    } catch (error) {
      isMissing = error instanceof ApiError && error.problem.status === 404;
      throw error;
    }
    isMissing = false;
    if (before !== null && spokenState(before) !== spokenState(ingestion)) {
      surroundings.announce(`Now ${spokenState(ingestion)}.`);
    }
  });
  return {
    get title() {
      return ingestion === null ? 'Ingestion' : `${fileName(ingestion.file_path)} ${statusWord(ingestion)}`;
    },
    refresh,
    render(now) {
      if (isMissing) return [h('h1', {}, 'No such ingestion'), h('p', {}, h('a', { href: '#/' }, 'All ingestions'))];
      if (ingestion === null) return [h('h1', {}, 'Ingestion'), h('p', { class: 'quiet-text' }, 'Reading…')];
      return sections(ingestion, parts, { now, meeting: MEETINGS[parameters.get('met') ?? ''] ?? null });
    },
    painted: () => parts.charts.draw(parts.ledger.recent()),
    close: () => parts.close(),
    actions: {
      ...movesOf({ path, refresh, name: () => fileName(ingestion?.file_path ?? '') }, surroundings),
      ...parts.ledger.actions,
      verify: () => parts.verification.run(),
      'more-rejects': () => parts.rejects.more(),
    },
  };
}

/**
 * One reading after the other: else an older answer could come in the place of a newer one.
 * @param {() => Promise<void>} work
 */
function inTurn(work) {
  /** @type {Promise<void>} */
  let last = Promise.resolve();
  return () => {
    last = last.catch(() => {}).then(work);
    return last;
  };
}

/**
 * @param {Ingestion} ingestion
 * @param {Parts} parts
 * @param {{ readonly now: number, readonly meeting: string | null }} options
 */
function sections(ingestion, { ledger, failedAttempt, rejects, charts, verification }, { now, meeting }) {
  return [
    heading(ingestion),
    buttons(ingestion),
    meeting === null ? null : h('p', { class: 'box', 'data-key': 'meeting' }, meeting),
    verification.render(),
    progress(ingestion, now),
    failureBox(ingestion, ledger.pending(), now),
    failedAttempt.render(ingestion, now),
    charts.render(ledger.recent()),
    ledger.render(now),
    rejects.render(ingestion),
    settings(ingestion, now),
  ].filter((node) => node !== null);
}

/**
 * What a person can do to it.
 * @param {{ readonly path: string, readonly refresh: () => Promise<void>, readonly name: () => string }} ingestion
 * @param {Pick<import('./types.d.ts').Surroundings, 'confirm' | 'announce'>} surroundings
 */
function movesOf({ path, refresh, name }, { confirm, announce }) {
  const make = async (/** @type {'pause' | 'resume' | 'cancel'} */ move) => {
    await post(`${path}/${move}`);
    await refresh();
  };
  return {
    pause: () => make('pause'),
    resume: () => make('resume'),
    async cancel() {
      const isSure = await confirm({
        title: `Cancel the ingestion of ${name()}?`,
        text: ['What was delivered stays delivered, and it can be resumed later.'],
        yes: 'Cancel it',
        no: 'No, leave it',
      });
      if (isSure) await make('cancel');
    },
    async delete() {
      const isSure = await confirm({
        title: `Delete the ingestion of ${name()}?`,
        text: [
          'Removed for good: its ledger and attempts, what was set aside, its events, its callback headers and signing secret. It cannot be resumed, verified or read back any more.',
          `Kept: the file, whatever the receiver has, and a mark that its id was used. A later request for the same file meets that mark; “${FROM_ITS_START}” gets past it.`,
        ],
        yes: 'Delete it',
        no: 'No, keep it',
      });
      if (!isSure) return;
      await remove(path);
      announce('Deleted.');
      location.hash = '#/';
    },
  };
}
