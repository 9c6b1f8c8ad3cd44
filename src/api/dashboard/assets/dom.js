/**
 * Views are functions from what is known to elements; the page is then made equal to those in place, so that focus, selection and scrolling survive every update. Texts of others become text
 * nodes and attributes, never markup.
 */

/** @typedef {Node | string | number | null | false | undefined | readonly Child[]} Child */
/** @typedef {Readonly<Record<string, string | number | boolean | null | undefined>>} Attributes */

/** Of these what the person did counts, not what a later update would say; `aria-busy` is put on what was pressed until it is done. */
const LEFT_TO_THE_PERSON = new Set(['open', 'value', 'checked', 'selected', 'aria-busy']);

/**
 * An element. `true` is an attribute without a value; `false`, null and undefined leave one out.
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

/**
 * @param {Element} parent
 * @param {readonly Child[]} children
 */
function append(parent, children) {
  for (const child of children) {
    if (child === null || child === false || child === undefined || child === '') continue;
    if (typeof child === 'string') parent.append(child);
    else if (typeof child === 'number') parent.append(`${child}`);
    else if (child instanceof Node) parent.append(child);
    else append(parent, child);
  }
}

/** @type {WeakMap<object, HTMLElement>} */
const built = new WeakMap();
let builtCount = 0;
/** What stands in a fresh tree for an element that was built before, and that element. @type {WeakMap<Node, HTMLElement>} */
const originals = new WeakMap();

/**
 * What is large and never changes is built once for each content, and left alone in the page for as long as it is there: taking it out, if only for a moment, would lose its focus, selection and scrolling.
 * @template {object} Content
 * @param {Content} content
 * @param {(content: Content) => HTMLElement} build
 */
export function once(content, build) {
  const known = built.get(content);
  if (known !== undefined) return standInFor(known);
  const element = build(content);
  builtCount += 1;
  // A key that nothing else has: its children must not be moved into another's place.
  element.setAttribute('data-key', `once-${builtCount}`);
  built.set(content, element);
  return element;
}

/** @param {HTMLElement} original */
function standInFor(original) {
  const standIn = document.createElement(original.localName);
  standIn.setAttribute('data-key', keyOf(original) ?? '');
  originals.set(standIn, original);
  return standIn;
}

/**
 * What is to be put in: elements that were built before in the place of what stands for them.
 * @param {ChildNode} fresh
 */
function withOriginals(fresh) {
  if (fresh instanceof Element) {
    for (const inner of fresh.querySelectorAll('[data-key]')) {
      const original = originals.get(inner);
      if (original !== undefined) inner.replaceWith(original);
    }
  }
  return originals.get(fresh) ?? fresh;
}

/**
 * Makes an element's attributes and children those of a fresh one. Children are matched by `data-key`, else by their order; one with `data-keep` stays as it is.
 * @param {Element} live
 * @param {Element} fresh
 */
export function morph(live, fresh) {
  if (originals.has(fresh)) return;
  for (const { name } of Array.from(live.attributes)) {
    if (!fresh.hasAttribute(name) && !LEFT_TO_THE_PERSON.has(name)) live.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (live.getAttribute(name) !== value && !LEFT_TO_THE_PERSON.has(name)) live.setAttribute(name, value);
  }
  // A progress bar has no state of its own.
  if (live instanceof HTMLProgressElement && fresh instanceof HTMLProgressElement) live.value = fresh.value;
  if (!live.hasAttribute('data-keep')) morphChildren(live, [...fresh.childNodes]);
}

/**
 * @param {Element} live
 * @param {readonly ChildNode[]} fresh
 */
export function morphChildren(live, fresh) {
  // First, so that what stays need not be moved: that would take the focus from it.
  const wantedKeys = new Set(fresh.map(keyOf));
  const gone = [...live.children].filter((child) => keyOf(child) !== null && !wantedKeys.has(keyOf(child)));
  for (const child of gone) child.remove();
  const keyed = new Map([...live.children].flatMap((child) => (keyOf(child) === null ? [] : [[keyOf(child), child]])));
  let place = live.firstChild;
  for (const wanted of fresh) {
    const key = keyOf(wanted);
    const match = key === null ? place : (keyed.get(key) ?? null);
    if (match === null || !isSameKind(match, wanted)) {
      live.insertBefore(withOriginals(wanted), place);
      continue;
    }
    if (key !== null) place = withoutUnkeyed(place);
    if (match === place) place = place.nextSibling;
    else live.insertBefore(match, place);
    if (match instanceof Element && wanted instanceof Element) morph(match, wanted);
    else if (match.nodeValue !== wanted.nodeValue) match.nodeValue = wanted.nodeValue;
  }
  while (place !== null) place = removed(place);
}

/**
 * What has no key gives way, so that what has one need not be moved past it; the first that has one.
 * @param {ChildNode | null} place
 */
function withoutUnkeyed(place) {
  let next = place;
  while (next !== null && keyOf(next) === null) next = removed(next);
  return next;
}

/**
 * Removes a node; what came after it.
 * @param {ChildNode} node
 */
function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

/**
 * @param {Node} one
 * @param {Node} other
 */
function isSameKind(one, other) {
  return one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
}

/**
 * @param {Node} node
 * @returns {string | null}
 */
function keyOf(node) {
  return node instanceof Element ? node.getAttribute('data-key') : null;
}
