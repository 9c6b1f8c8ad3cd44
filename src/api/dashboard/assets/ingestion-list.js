import { read } from './api.js';
import { h } from './dom.js';
import { count, distance, fileName } from './format.js';
import {
  circuitLine,
  passingTrouble,
  progressBar,
  sizeText,
  speedText,
  spokenState,
  statusBadge,
  totalsText,
  troubleLines,
} from './ingestion-parts.js';

/** @typedef {import('./types.d.ts').Ingestion} Ingestion */
/** @typedef {import('./types.d.ts').Circuit} Circuit */

const STATUSES = ['QUEUED', 'RUNNING', 'PAUSED', 'FAILED', 'CANCELLED', 'COMPLETED'];

/**
 * All ingestions, newest first, in pages.
 * @param {URLSearchParams} parameters `status`, `cursor`
 * @param {import('./types.d.ts').Surroundings} surroundings
 * @returns {import('./types.d.ts').View}
 */
export function createIngestionList(parameters, { announce }) {
  const status = STATUSES.find((one) => one === parameters.get('status')) ?? '';
  const cursor = parameters.get('cursor');
  const query = new URLSearchParams({ limit: '50' });
  if (status !== '') query.set('status', status);
  if (cursor !== null) query.set('cursor', cursor);
  /** @type {import('./types.d.ts').Page<Ingestion> | null} */
  let shown = null;
  /** @type {readonly Circuit[]} */
  let circuits = [];
  return {
    title: 'Ingestions',
    async refresh() {
      /** @type {[import('./types.d.ts').Page<Ingestion>, { readonly items: readonly Circuit[] }]} */
      const [page, open] = await Promise.all([read(`/api/ingestions?${query}`), read('/api/circuits')]);
      if (shown !== null) announceChanges(shown.items, page.items, announce);
      shown = page;
      circuits = open.items;
    },
    render: (now) => [
      h(
        'div',
        { class: 'head' },
        h('h1', {}, 'Ingestions'),
        h('a', { class: 'button main', href: '#/new' }, 'New ingestion'),
      ),
      filterLinks(status),
      ...circuits.map((circuit) => h('div', { class: 'box warn' }, circuitLine(circuit, now))),
      shown === null
        ? h('p', { class: 'quiet-text' }, 'Reading…')
        : pageOf(shown, { now, status, isFirst: cursor === null }),
    ],
  };
}

/** @param {string} current */
function filterLinks(current) {
  const link = (/** @type {string} */ status, /** @type {string} */ word) =>
    h(
      'li',
      {},
      h(
        'a',
        { href: status === '' ? '#/' : `#/?status=${status}`, 'aria-current': current === status ? 'true' : null },
        word,
      ),
    );
  return h(
    'nav',
    { class: 'filter', 'aria-label': 'Only those that are' },
    h('ul', {}, link('', 'All'), ...STATUSES.map((status) => link(status, status.toLowerCase()))),
  );
}

/**
 * @param {import('./types.d.ts').Page<Ingestion>} page
 * @param {{ readonly now: number, readonly status: string, readonly isFirst: boolean }} options
 */
function pageOf({ items, next_cursor: next }, { now, status, isFirst }) {
  if (items.length === 0 && isFirst) return emptyBox(status);
  const older = new URLSearchParams({ ...(status === '' ? {} : { status }), cursor: next ?? '' });
  return h(
    'div',
    { 'data-key': 'page' },
    items.length === 0
      ? h('p', { class: 'box' }, 'There are no older ones any more.')
      : h('ul', { class: 'ingestions' }, ...items.map((one) => card(one, now))),
    h(
      'p',
      { class: 'buttons' },
      isFirst ? null : h('a', { class: 'button', href: status === '' ? '#/' : `#/?status=${status}` }, 'Newest'),
      next === null ? null : h('a', { class: 'button', href: `#/?${older}` }, 'Older'),
    ),
  );
}

/** @param {string} status */
function emptyBox(status) {
  if (status !== '') return h('div', { class: 'box' }, h('p', {}, `None is ${status.toLowerCase()}.`));
  return h(
    'div',
    { class: 'box' },
    h('h2', {}, 'Nothing was delivered yet'),
    h(
      'p',
      {},
      'Look at a file and start its delivery here with ',
      h('a', { href: '#/new' }, 'New ingestion'),
      ', or from a shell:',
    ),
    h('pre', { tabindex: '0' }, 'ackstream ingest products.json --callback http://127.0.0.1:9000/callback'),
    h(
      'p',
      { class: 'quiet-text' },
      'No receiver at hand? ',
      h('code', {}, 'ackstream receiver --port 9000'),
      ' starts one.',
    ),
  );
}

/**
 * @param {Ingestion} ingestion
 * @param {number} now
 */
function card(ingestion, now) {
  const { ingestion_id: id, file_path: path, callback_url: callback, percent, totals } = ingestion;
  const isRunning = ingestion.status === 'RUNNING';
  return h(
    'li',
    { 'data-key': id, class: 'ingestion' },
    h(
      'div',
      { class: 'what' },
      h('a', { class: 'lines', href: `#/ingestions/${id}`, title: path }, fileName(path)),
      h('p', { class: 'quiet-text clip', title: callback }, `to ${callback}`),
      isRunning ? passingTrouble(ingestion, now) : null,
    ),
    h(
      'div',
      { class: 'state' },
      statusBadge(ingestion),
      h('p', { class: 'quiet-text', title: 'When it was asked for' }, distance(ingestion.created_at, now)),
    ),
    h(
      'div',
      { class: 'course' },
      h('p', { class: 'figures' }, h('b', {}, `${percent} %`), h('span', {}, totalsText(ingestion))),
      progressBar(ingestion),
      h(
        'p',
        { class: 'quiet-text figures' },
        h('span', {}, speedText(ingestion) || sizeText(ingestion)),
        totals.rejected_records === 0
          ? null
          : h('span', { class: 'bad-text' }, `${count(totals.rejected_records)} set aside`),
      ),
    ),
    isRunning ? null : h('div', { class: 'troubles' }, ...troubleLines(ingestion, now)),
  );
}

/**
 * Only what became of them; progress would never end.
 * @param {readonly Ingestion[]} before
 * @param {readonly Ingestion[]} after
 * @param {(text: string) => void} announce
 */
function announceChanges(before, after, announce) {
  const words = new Map(before.map((one) => [one.ingestion_id, spokenState(one)]));
  const changed = after.filter((one) => words.get(one.ingestion_id) !== spokenState(one));
  if (changed.length > 0 && changed.length <= 3) {
    announce(changed.map((one) => `${fileName(one.file_path)}: ${spokenState(one)}`).join('. '));
  } else if (changed.length > 3) announce(`${count(changed.length)} ingestions changed.`);
}
