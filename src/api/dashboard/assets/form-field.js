import { h } from './dom.js';

/**
 * A control with its label, its hint, and why it was refused.
 * @param {import('./types.d.ts').FeedField} field
 * @param {string} value
 * @param {string | undefined} problem
 */
export function formField(field, value, problem) {
  const { name, label, hint } = field;
  const id = `field-${name.replace('.', '-')}`;
  const described = [hint === undefined ? '' : `${id}-hint`, problem === undefined ? '' : `${id}-problem`];
  const attributes = {
    id,
    name,
    'aria-describedby': described.join(' ').trim() || null,
    'aria-invalid': problem === undefined ? null : 'true',
    'aria-required': field.isRequired === true ? 'true' : null,
    autocomplete: 'off',
    spellcheck: 'false',
  };
  return h(
    'div',
    { class: `field ${name}`, 'data-key': name },
    h('label', { for: id }, label),
    controlOf(field, attributes, value),
    hint === undefined ? null : h('p', { class: 'hint', id: `${id}-hint` }, hint),
    problem === undefined ? null : h('p', { class: 'field-problem', id: `${id}-problem` }, problem),
  );
}

/**
 * @param {import('./types.d.ts').FeedField} field
 * @param {import('./dom.js').Attributes} attributes
 * @param {string} value
 */
function controlOf({ options, isMultiline, isSecret, isNumber }, attributes, value) {
  if (options !== undefined) {
    const choices = Object.entries(options);
    return h(
      'select',
      attributes,
      ...choices.map(([key, word]) => h('option', { value: key, selected: key === value }, word)),
    );
  }
  if (isMultiline === true) return h('textarea', { ...attributes, rows: 2 }, value);
  return h('input', {
    ...attributes,
    type: isSecret === true ? 'password' : 'text',
    // Not of the type `number`, which keeps to itself what is typed and is none.
    inputmode: isNumber === true ? 'numeric' : null,
    value: value === '' ? null : value,
  });
}
