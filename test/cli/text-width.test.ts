import { expect, it } from 'vitest';
import { cutToWidth, textWidth } from '../../src/cli/text-width.ts';

it.each([
  ['', 0],
  ['products.json', 13],
  ['Größe', 5],
  ['Gro\u0308\u00dfe', 5],
  ['日本語', 6],
  ['한국어', 6],
  ['ﾊﾝｶｸ', 4],
  ['ＡＢ', 4],
  ['😀', 2],
  ['👩‍👩‍👧', 2],
  ['❤️', 2],
  ['🇩🇪', 2],
  ['𠀀', 2],
  ['a\u200bb', 2],
  ['█░…', 3],
])('%s takes %i columns', (text, columns) => {
  expect(textWidth(text)).toBe(columns);
});

it('cuts a text to what fits, and never into a character', () => {
  expect(cutToWidth('products.json', 13)).toBe('products.json');
  expect(cutToWidth('products.json', 5)).toBe('prod…');
  expect(cutToWidth('日本語', 6)).toBe('日本語');
  expect(cutToWidth('日本語', 5)).toBe('日本…');
  expect(cutToWidth('日本語', 4)).toBe('日…');
  expect(cutToWidth('👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧…');
});
