/** The dashboard: which view is shown, when it is read anew, and what is said where that fails. */
import { ApiError, read, ServiceGone, storedToken, storeToken } from './api.js';
import { h, morphChildren } from './dom.js';
import { createFeedForm } from './feed-form.js';
import { createIngestionList } from './ingestion-list.js';
import { createIngestionView } from './ingestion-view.js';
import { problemBox } from './problem-box.js';
import { tick } from './ticks.js';
import { createTokenForm } from './token-form.js';

/** @typedef {import('./types.d.ts').View} View */

const main = required('main');
const announcer = required('announcer');
const connection = required('connection');
const forgetToken = required('forget-token');
const question = /** @type {HTMLDialogElement} */ (required('question'));

const page = {
  /** @type {View} */
  view: { title: 'Loading', render: () => [h('p', {}, 'Loading…')], refresh: async () => {} },
  /** @type {Error | null} */
  failure: null,
  /** What a person just asked for was refused. @type {Error | null} */
  refusal: null,
  /** @type {ReadonlySet<string> | null} */
  operations: null,
  ticking: new AbortController(),
};

/** @type {import('./types.d.ts').Surroundings} */
const surroundings = {
  paint,
  announce(text) {
    announcer.textContent = text;
  },
  has: (path) => page.operations?.has(path) ?? false,
  confirm,
};

/** @param {string} id */
function required(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

function paint() {
  const { view, failure, refusal } = page;
  const isGone = failure instanceof ServiceGone;
  const shown = refusal ?? failure;
  morphChildren(main, [
    h('div', { 'data-key': 'problem', role: 'alert' }, shown === null ? null : problemBox(shown)),
    h('div', { 'data-key': 'view' }, ...view.render(Date.now())),
  ]);
  view.painted?.();
  document.title = `${view.title} · Ackstream`;
  connection.textContent = isGone ? 'No connection' : failure === null ? '' : 'Out of date';
  forgetToken.hidden = storedToken() === null;
}

/** @param {View} view */
function show(view) {
  page.view.close?.();
  Object.assign(page, { view, failure: null, refusal: null });
  main.replaceChildren();
  paint();
  restartTicks();
}

function restartTicks() {
  page.ticking.abort();
  page.ticking = new AbortController();
  void tick({ onTick: refresh, signal: page.ticking.signal });
}

/** Reads the view anew; false: that failed, and the page says why. */
async function refresh() {
  const { view } = page;
  try {
    page.operations ??= await readOperations();
    await view.refresh();
    if (page.view !== view) return true;
    page.failure = null;
  } catch (error) {
    if (page.view !== view) return true;
    if (isAboutToken(error)) {
      askForToken();
      return true;
    }
    page.failure = error instanceof Error ? error : new Error(String(error));
  }
  paint();
  return page.failure === null;
}

/** @param {unknown} error */
function isAboutToken(error) {
  return error instanceof ApiError && error.problem.code === 'UNAUTHORIZED';
}

/** What the service can do, by its own description. */
async function readOperations() {
  /** @type {{ readonly paths: object }} */
  const { paths } = await read('/openapi.json');
  return new Set(Object.keys(paths));
}

function askForToken() {
  page.ticking.abort();
  page.view.close?.();
  const wasWrong = storedToken() !== null;
  storeToken(null);
  Object.assign(page, { view: createTokenForm({ wasWrong, onToken: useToken }), failure: null, refusal: null });
  main.replaceChildren();
  paint();
  document.getElementById('token')?.focus();
}

/** @param {string} token */
function useToken(token) {
  storeToken(token);
  navigate();
}

/** Shows what the address names. */
function navigate() {
  const [, path = '', query = ''] = /^#\/?([^?]*)\??(.*)$/.exec(location.hash) ?? [];
  const parameters = new URLSearchParams(query);
  const [, id] = /^ingestions\/([0-9a-f]+)$/.exec(path) ?? [];
  if (id !== undefined) show(createIngestionView(id, surroundings));
  else if (path === 'new') show(createFeedForm(parameters, surroundings));
  else show(createIngestionList(parameters, surroundings));
  for (const link of document.querySelectorAll('.pages a')) {
    const isHere = link.getAttribute('href') === (path === 'new' ? '#/new' : '#/');
    if (isHere && id === undefined) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

/**
 * @param {{ readonly title: string, readonly text: string, readonly yes: string }} asked
 * @returns {Promise<boolean>}
 */
function confirm({ title, text, yes }) {
  required('question-title').textContent = title;
  required('question-text').textContent = text;
  required('question-yes').textContent = yes;
  question.returnValue = 'no';
  question.showModal();
  return new Promise((resolve) => {
    question.addEventListener('close', () => resolve(question.returnValue === 'yes'), { once: true });
  });
}

/**
 * Does what a button or a form of the view is for; what is refused is shown above it.
 * @param {string | undefined} name
 * @param {HTMLElement} target
 */
async function act(name, target) {
  const action = page.view.actions?.[name ?? ''];
  if (action === undefined || target.getAttribute('aria-busy') === 'true') return;
  target.setAttribute('aria-busy', 'true');
  page.refusal = null;
  try {
    await action(target);
  } catch (error) {
    if (isAboutToken(error)) return askForToken();
    page.refusal = error instanceof Error ? error : new Error(String(error));
  } finally {
    target.removeAttribute('aria-busy');
  }
  paint();
  if (page.refusal !== null) window.scrollTo({ top: 0 });
}

document.addEventListener('click', (event) => {
  const target = event.target instanceof Element ? event.target.closest('[data-action]') : null;
  if (target instanceof HTMLElement && !(target instanceof HTMLFormElement)) void act(target.dataset.action, target);
});
document.addEventListener('submit', (event) => {
  if (!(event.target instanceof HTMLFormElement) || event.target.method === 'dialog') return;
  event.preventDefault();
  const name = event.submitter?.dataset.submit ?? event.target.dataset.action;
  void act(name, event.target);
});
forgetToken.addEventListener('click', () => {
  storeToken(null);
  navigate();
});
window.addEventListener('hashchange', () => {
  // The link past the navigation is no page.
  if (location.hash === '#main') return;
  navigate();
  main.focus();
});
// Countdowns and distances go on while nothing comes in.
setInterval(() => {
  if (document.visibilityState === 'visible') paint();
}, 1000);
navigate();
