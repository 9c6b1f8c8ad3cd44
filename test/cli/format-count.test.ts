import { expect, it } from 'vitest';
import { formatCount, formatCounted } from '../../src/cli/format-count.ts';

it('parts thousands', () => {
  expect(formatCount(1_234_567.4)).toBe('1,234,567');
});

it.each([
  [0, '0 chunks'],
  [1, '1 chunk'],
  [12_000, '12,000 chunks'],
])('counts %d', (count, text) => {
  expect(formatCounted(count, 'chunk')).toBe(text);
});
