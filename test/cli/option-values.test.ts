import { describe, expect, it } from 'vitest';
import { jsonObject } from '../../src/cli/option-values.ts';

describe('jsonObject', () => {
  it('reads an object', () => {
    expect(jsonObject('--o', '{"header": false}')).toEqual({ header: false });
  });

  it.each(['', 'x', '[]', 'null', '7', '"x"', '{'])('refuses %j', (text) => {
    expect(() => jsonObject('--o', text)).toThrow('--o must be a JSON object.');
  });
});
