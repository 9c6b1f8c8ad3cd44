/**
 * What the page at /docs runs: sends the form of an operation as the request it describes, and shows the answer. Plain JavaScript, for it goes into the page as it is; it writes only text, never
 * markup, and keeps the token where the dashboard has it: in the storage of its tab, which is gone with that.
 */
export const DOCS_SCRIPT = `
'use strict';
const TOKEN_KEY = 'ackstream-token';
const tokenField = document.getElementById('token');
tokenField.value = sessionStorage.getItem(TOKEN_KEY) ?? '';
tokenField.addEventListener('change', () => {
  const token = tokenField.value.trim();
  if (token === '') sessionStorage.removeItem(TOKEN_KEY);
  else sessionStorage.setItem(TOKEN_KEY, token);
});
function requestOf(form) {
  const headers = {};
  const token = tokenField.value.trim();
  if (token !== '') headers.Authorization = 'Bearer ' + token;
  const query = new URLSearchParams();
  let path = form.dataset.path;
  let body;
  for (const field of form.elements) {
    if (field.name === '' || field.value === '') continue;
    const place = field.dataset.in;
    if (place === 'path') path = path.replace('{' + field.name + '}', encodeURIComponent(field.value));
    if (place === 'query') query.set(field.name, field.value);
    if (place === 'header') headers[field.name] = field.value;
    if (place === 'body') {
      body = field.value;
      headers['Content-Type'] = 'application/json';
    }
  }
  const search = query.size === 0 ? '' : '?' + query;
  return { path: path + search, init: { method: form.dataset.method, headers, body, redirect: 'error' } };
}
function shown(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  return text.length < 100000 ? JSON.stringify(JSON.parse(text), null, 2) : text;
}
async function send(form) {
  const output = form.querySelector('output');
  const button = form.querySelector('button');
  const { path, init } = requestOf(form);
  button.disabled = true;
  output.textContent = 'Asking …';
  try {
    const answer = await fetch(path, init);
    const text = await answer.text();
    const hint = answer.status === 401 ? '\\n\\nPut a token into the field at the top of this page.' : '';
    output.textContent = init.method + ' ' + path + '\\n' + answer.status + ' ' + answer.statusText + '\\n\\n' + shown(text) + hint;
  } catch (error) {
    output.textContent = 'No answer: ' + error.message;
  }
  button.disabled = false;
  button.focus();
}
document.addEventListener('submit', (event) => {
  event.preventDefault();
  send(event.target);
});
`;
