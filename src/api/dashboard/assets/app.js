/** The dashboard: which view is shown, when it is read anew, and what is said where that fails. */
import { createAnnouncer } from './announcer.js';
import { ApiError, ServiceGone, serviceNow, storedToken, storeToken } from './api.js';
import { h, morphChildren } from './dom.js';
import { createFeedForm } from './feed-form.js';
import { createIngestionList } from './ingestion-list.js';
import { createIngestionView } from './ingestion-view.js';
import { problemBox } from './problem-box.js';
import { tick } from './ticks.js';
import { createTokenForm } from './token-form.js';

/** @typedef {import('./types.d.ts').View} View */

const main = required('main');
const announce = createAnnouncer(required('announcer'));
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
  /** Whether events of the service come in. */
  isLive: false,
  ticking: new AbortController(),
};

/** @type {import('./types.d.ts').Surroundings} */
const surroundings = { paint, announce, confirm };

/** @param {string} id */
function required(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

function paint() {
  const { view, failure, refusal } = page;
  const shown = refusal ?? failure;
  morphChildren(main, [
    h('div', { 'data-key': 'problem', role: 'alert' }, shown === null ? null : problemBox(shown, serviceNow())),
    h('div', { 'data-key': 'view' }, ...view.render(serviceNow())),
  ]);
  view.painted?.();
  document.title = `${view.title} · Ackstream`;
  connection.textContent = connectionText();
  connection.className = `connection ${failure === null ? 'good' : isMissing(failure) ? 'calm' : 'bad'}`;
  forgetToken.hidden = storedToken() === null;
}

/** What is shown, and whether what is known of it is new. */
function connectionText() {
  const { failure, isLive } = page;
  if (failure instanceof ServiceGone) return 'No connection';
  if (isMissing(failure)) return 'Not found';
  if (failure !== null) return 'Out of date';
  return isLive ? 'Live' : '';
}

/** @param {Error | null} error whether it says that there is no such thing, which no later look will change */
function isMissing(error) {
  return error instanceof ApiError && error.problem.status === 404;
}

/** @param {View} view */
function show(view) {
  replaceView(view);
  page.ticking = new AbortController();
  void tick({ onTick: refresh, onStream: showStream, signal: page.ticking.signal });
}

/** @param {View} view */
function replaceView(view) {
  page.ticking.abort();
  page.view.close?.();
  // It was about what is left.
  question.close('no');
  Object.assign(page, { view, failure: null, refusal: null, isLive: false });
  main.replaceChildren();
  paint();
}

/** @param {boolean} isOpen */
function showStream(isOpen) {
  page.isLive = isOpen;
  paint();
}

/** Reads the view anew. Where that fails the page says why; then: for how long to leave the service alone, in ms. */
async function refresh() {
  const { view } = page;
  try {
    await view.refresh();
    if (page.view !== view) return null;
    if (page.failure instanceof ServiceGone) announce('The service answers again.');
    page.failure = null;
  } catch (error) {
    if (page.view !== view) return null;
    if (isAboutToken(error)) {
      askForToken();
      return null;
    }
    page.failure = error instanceof Error ? error : new Error(String(error));
  }
  paint();
  if (page.failure === null) return null;
  return page.failure instanceof ApiError ? page.failure.retryAfterMs : 0;
}

/** @param {unknown} error */
function isAboutToken(error) {
  return error instanceof ApiError && error.problem.code === 'UNAUTHORIZED';
}

function askForToken() {
  const wasWrong = storedToken() !== null;
  storeToken(null);
  replaceView(createTokenForm({ wasWrong, onToken: useToken }));
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
  if (id !== undefined) show(createIngestionView(id, parameters, surroundings));
  else if (path === 'new') show(createFeedForm(parameters, surroundings));
  else show(createIngestionList(parameters, surroundings));
  for (const link of document.querySelectorAll('.pages a')) {
    const isHere = link.getAttribute('href') === (path === 'new' ? '#/new' : '#/');
    if (isHere && id === undefined) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

/** @type {import('./types.d.ts').Surroundings['confirm']} */
function confirm({ title, text, yes, no }) {
  required('question-title').textContent = title;
  required('question-text').replaceChildren(...text.map((paragraph) => h('p', {}, paragraph)));
  required('question-yes').textContent = yes;
  required('question-no').textContent = no;
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
  const { view } = page;
  const action = view.actions?.[name ?? ''];
  if (action === undefined || target.getAttribute('aria-busy') === 'true') return;
  const group = target.closest('.buttons');
  target.setAttribute('aria-busy', 'true');
  page.refusal = null;
  try {
    await action(target);
  } catch (error) {
    if (isAboutToken(error)) return askForToken();
    if (page.view === view) page.refusal = error instanceof Error ? error : new Error(String(error));
  } finally {
    target.removeAttribute('aria-busy');
  }
  if (page.view !== view) return;
  paint();
  if (page.refusal !== null) showRefusal();
  // What was pressed may be gone, such as Pause of what is paused: the keyboard goes on beside it.
  else if (document.activeElement === document.body) {
    const next = group?.isConnected ? group.querySelector('button, a') : main;
    if (next instanceof HTMLElement) next.focus();
  }
}

/** Leads to the first field that was refused, else to what the page says of it. */
function showRefusal() {
  const field = main.querySelector('[aria-invalid="true"]');
  if (!(field instanceof HTMLElement)) return window.scrollTo({ top: 0 });
  field.closest('details')?.setAttribute('open', '');
  field.focus();
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
document.addEventListener('input', (event) => {
  const form = event.target instanceof Element ? event.target.closest('form') : null;
  if (form !== null && main.contains(form)) page.view.edited?.(form);
});
forgetToken.addEventListener('click', () => {
  storeToken(null);
  navigate();
});
required('skip').addEventListener('click', (event) => {
  // The address names the page that is shown.
  event.preventDefault();
  main.focus();
});
window.addEventListener('hashchange', () => {
  navigate();
  main.focus();
});
// Countdowns and distances go on while nothing comes in.
setInterval(() => {
  if (document.visibilityState === 'visible') paint();
}, 1000);
navigate();
