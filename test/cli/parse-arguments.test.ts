import { describe, expect, it } from 'vitest';
import { jsonObject, parseArguments, wholeNumber } from '../../src/cli/parse-arguments.ts';

const shape = {
  options: { callback: { type: 'string' }, json: { type: 'boolean' } },
  positionals: ['<file>'],
} as const;

describe('parseArguments', () => {
  it('reads options and positionals in any order', () => {
    const { values, positionals } = parseArguments(['--json', 'a.json', '--callback=http://r/'], shape);
    expect({ ...values }).toEqual({ json: true, callback: 'http://r/' });
    expect(positionals).toEqual(['a.json']);
  });

  it('takes what follows -- as it is', () => {
    expect(parseArguments(['--', '--json'], shape).positionals).toEqual(['--json']);
  });

  it.each([
    ['an unknown option', ['a', '--nope'], "Unknown option '--nope'."],
    ['an option without its value', ['a', '--callback'], "Option '--callback <value>' argument missing."],
    ['a value for a flag', ['a', '--json=1'], "Option '--json' does not take an argument."],
    ['a missing positional', [], '<file> is missing.'],
    ['a positional too many', ['a', 'b'], 'b is too much.'],
  ])('refuses %s', (_what, args, message) => {
    expect(() => parseArguments(args, shape)).toThrow(expect.objectContaining({ code: 'COMMAND_INVALID', message }));
  });
});

describe('wholeNumber', () => {
  it('reads digits', () => {
    expect(wholeNumber('--n', '0500')).toBe(500);
    expect(wholeNumber('--n', undefined)).toBeUndefined();
  });

  it.each(['', '-1', '1.5', '1e3', ' 1', '99999999999999999999', 'many'])('refuses %j', (text) => {
    expect(() => wholeNumber('--n', text)).toThrow('--n must be a whole number.');
  });
});

describe('jsonObject', () => {
  it('reads an object', () => {
    expect(jsonObject('--o', '{"header": false}')).toEqual({ header: false });
  });

  it.each(['', 'x', '[]', 'null', '7', '"x"', '{'])('refuses %j', (text) => {
    expect(() => jsonObject('--o', text)).toThrow('--o must be a JSON object.');
  });
});
