import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusFolder } from '../protocol/corpora.ts';

/** Strings that are in no corpus, and have broken programs of this kind. */
const OWN = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '\ufeffmark',
  'a\u0000b',
  'line\r\nline\rline\n',
  '"; DROP TABLE ingestions; --',
  '../../etc/passwd',
  '$&$1$$',
  '\\u0041\\',
  '\u001b]0;title\u0007\u009b31m',
  '\u202etxt.exe',
  '\u{10ffff}\ufffd',
  ' space around ',
  '[*]{a,b}?',
  '_x000D_',
  ']]>',
  '<!--',
  '%n%s%00',
];

const corpus = corpusFolder('naughty-strings');

/** Strings that programs stumble over: those of the corpus, where it is, and some more; each once, without the empty one. */
export const NAUGHTY_STRINGS: readonly string[] = [
  ...new Set([...readCorpus(), ...OWN].filter((text) => text !== '' && text.isWellFormed())),
];

function readCorpus(): readonly string[] {
  return corpus === undefined ? [] : JSON.parse(readFileSync(join(corpus, 'blns.json'), 'utf8'));
}
