import { post, read } from './api.js';
import { createCharts } from './charts.js';
import { h } from './dom.js';
import { fileName } from './format.js';
import { statusWord } from './ingestion-parts.js';
import { buttons, failureBox, heading, progress, settings } from './ingestion-sections.js';
import { createLedger } from './ledger.js';
import { createRejectList } from './reject-list.js';
import { createVerification } from './verification.js';

/** @typedef {import('./types.d.ts').Ingestion} Ingestion */

const VERIFY_PATH = '/api/ingestions/{id}/verify';

/** What is shown of one ingestion, beside itself. */
class Parts {
  /**
   * @param {string} path
   * @param {import('./types.d.ts').Surroundings} surroundings
   */
  constructor(path, surroundings) {
    this.ledger = createLedger(path);
    this.rejects = createRejectList(path);
    this.charts = createCharts();
    this.verification = createVerification(path, surroundings);
  }
  /** @param {Ingestion} ingestion */
  refresh(ingestion) {
    return Promise.all([this.ledger.refresh(ingestion), this.rejects.refresh(ingestion)]);
  }
  close() {
    this.charts.close();
    this.verification.close();
  }
}

/**
 * One ingestion: where it is, why, its chart, ledger and rejects.
 * @param {string} id
 * @param {import('./types.d.ts').Surroundings} surroundings
 * @returns {import('./types.d.ts').View}
 */
export function createIngestionView(id, surroundings) {
  const path = `/api/ingestions/${id}`;
  const parts = new Parts(path, surroundings);
  /** @type {Ingestion | null} */
  let ingestion = null;

  async function refresh() {
    const before = ingestion;
    /** @type {Ingestion} */
    const after = await read(path);
    await parts.refresh(after);
    ingestion = after;
    if (before !== null && statusWord(before) !== statusWord(after)) {
      surroundings.announce(`Now ${statusWord(after)}.`);
    }
  }
  return {
    get title() {
      return ingestion === null ? 'Ingestion' : `${fileName(ingestion.file_path)} ${statusWord(ingestion)}`;
    },
    refresh,
    render: (now) =>
      ingestion === null
        ? [h('h1', {}, 'Ingestion'), h('p', { class: 'quiet-text' }, 'Reading…')]
        : sections(ingestion, parts, { now, canVerify: surroundings.has(VERIFY_PATH) }),
    painted: () => parts.charts.draw(parts.ledger.recent()),
    close: () => parts.close(),
    actions: {
      ...movesOf(path, refresh, surroundings),
      verify: () => parts.verification.run(),
      older: () => parts.ledger.older(),
      newest: () => parts.ledger.newest(),
      'more-rejects': () => parts.rejects.more(),
    },
  };
}

/**
 * @param {Ingestion} ingestion
 * @param {Parts} parts
 * @param {{ readonly now: number, readonly canVerify: boolean }} options
 */
function sections(ingestion, { ledger, rejects, charts, verification }, { now, canVerify }) {
  return [
    heading(ingestion),
    buttons(ingestion, canVerify),
    verification.render(),
    progress(ingestion, now),
    failureBox(ingestion, ledger.pending(), now),
    charts.render(ledger.recent()),
    ledger.render(now),
    rejects.render(ingestion),
    settings(ingestion, now),
  ].filter((node) => node !== null);
}

/**
 * What a person can do to it.
 * @param {string} path
 * @param {() => Promise<void>} refresh
 * @param {Pick<import('./types.d.ts').Surroundings, 'confirm'>} surroundings
 */
function movesOf(path, refresh, { confirm }) {
  const make = async (/** @type {'pause' | 'resume' | 'cancel'} */ move) => {
    await post(`${path}/${move}`);
    await refresh();
  };
  return {
    pause: () => make('pause'),
    resume: () => make('resume'),
    async cancel() {
      const isSure = await confirm({
        title: 'Cancel this ingestion?',
        text: 'What was delivered stays delivered, and it can be resumed later.',
        yes: 'Cancel it',
      });
      if (isSure) await make('cancel');
    },
  };
}
