import { h } from './dom.js';

const BYTES_PER_LINE = 16;

/**
 * Bytes in hexadecimal and as far as they are ASCII, a line for each 16.
 * @param {Uint8Array} raw
 * @param {{ readonly label: string, readonly from?: number, readonly until?: number, readonly wrong?: number | null }} options `from` and `until`: the part that is shown; `wrong`: the one that is marked
 */
export function byteDump(raw, { label, from = 0, until = raw.length, wrong = null }) {
  const lines = [];
  for (let start = from; start < until; start += BYTES_PER_LINE) {
    const line = [...raw.subarray(start, Math.min(start + BYTES_PER_LINE, until))];
    const mark = wrong !== null && wrong >= start && wrong < start + BYTES_PER_LINE ? wrong - start : -1;
    const pairs = line.map((byte) => byte.toString(16).padStart(2, '0'));
    const characters = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'));
    lines.push(
      start.toString().padStart(6),
      '  ',
      ...marked(pairs, mark, ' '),
      ' '.repeat((BYTES_PER_LINE - line.length) * 3 + 2),
      ...marked(characters, mark, ''),
      '\n',
    );
  }
  return h('pre', { class: 'bytes', tabindex: '0', role: 'group', 'aria-label': label }, ...lines);
}

/** @param {string} base64 */
export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * @param {readonly string[]} parts
 * @param {number} mark
 * @param {string} between
 */
function marked(parts, mark, between) {
  if (mark < 0) return [parts.join(between)];
  const after = parts.slice(mark + 1).join(between);
  return [
    parts.slice(0, mark).join(between),
    mark > 0 ? between : '',
    h('mark', {}, parts[mark]),
    after === '' ? '' : between,
    after,
  ];
}
