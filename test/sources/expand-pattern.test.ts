import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { compilePattern, splitPattern } from '../../src/sources/expand-pattern.ts';

const takes = (pattern: string, path: string): boolean => compilePattern(pattern).matches(path);

describe('A pattern of paths', () => {
  it.each([
    ['*.json', ['a.json', '.json', 'a\nb.json', '😀.json'], ['a/b.json', 'a.jsonl', 'A.JSON']],
    ['feed-?.json', ['feed-1.json', 'feed-😀.json'], ['feed-.json', 'feed-12.json', 'feed-/.json']],
    ['[a-c1].x', ['a.x', 'b.x', 'c.x', '1.x'], ['d.x', '-.x', 'ab.x']],
    ['[!a-c].x', ['d.x', '!.x', 'ä.x'], ['a.x', '.x']],
    ['[^a].x', ['b.x'], ['a.x']],
    ['[]a].x', ['].x', 'a.x'], ['b.x']],
    ['[!]].x', ['a.x'], ['].x']],
    ['[*].x', ['*.x'], ['a.x']],
    ['[!].x', ['!.x'], ['a.x']],
    ['[].x', ['[].x'], ['a.x']],
    ['feed[1.json', ['feed[1.json'], ['feed1.json']],
    ['{a,b}/x.{json,c{s,t}v}', ['a/x.json', 'b/x.csv', 'b/x.ctv'], ['c/x.json', 'a/x.cv']],
    ['{a/b,c}.x', ['a/b.x', 'c.x'], ['a.x']],
    ['{a}.x', ['{a}.x'], ['a.x']],
    ['a(b|c)+$^.x', ['a(b|c)+$^.x'], ['ab.x']],
    ['**/*.json', ['a.json', 'a/b.json', 'a/b/c.json'], ['a.xml', 'a.json/b']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['a', 'b', 'a/bb', 'a/x/b/c']],
    ['**', ['a', 'a/b'], []],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'b/a']],
    ['*/**', ['a/b', 'a/b/c'], ['a']],
    ['a**b', ['ab', 'axxb'], ['a/b']],
    ['**/a/**/b/*', ['a/b/c', 'x/a/a/b/b/c'], ['a/c', 'b/a/c']],
  ] as const)('%s takes what it should and nothing else', (pattern, taken, others) => {
    for (const path of taken) expect(takes(pattern, path), path).toBe(true);
    for (const path of others) expect(takes(pattern, path), path).toBe(false);
  });

  it('is divided from the folder before it', () => {
    expect(splitPattern('/data/feeds/a.json')).toBeUndefined();
    expect(splitPattern('/data/feeds/a(1)!.json')).toBeUndefined();
    expect(splitPattern('/data/feeds/*.json')).toEqual({ folder: '/data/feeds', pattern: '*.json' });
    expect(splitPattern('/data/{a,b}/c/x.json')).toEqual({ folder: '/data', pattern: '{a,b}/c/x.json' });
    expect(splitPattern('/*')).toEqual({ folder: '/', pattern: '*' });
  });

  it('says how deep it can reach', () => {
    expect(compilePattern('*.json').maxNames).toBe(1);
    expect(compilePattern('{a,b/c/d}/*.json').maxNames).toBe(4);
    expect(compilePattern('a/**/b').maxNames).toBe(Number.POSITIVE_INFINITY);
  });

  it('is refused where its braces stand for too many', () => {
    expect(compilePattern('{a,b}'.repeat(6)).maxNames).toBe(1);
    for (const pattern of ['{a,b}'.repeat(7), `{${'a,'.repeat(2000)}b}`, '{a,b}'.repeat(800)]) {
      expect(() => compilePattern(pattern)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
    }
  });

  it('takes no more time for many stars', () => {
    expect(takes(`${'*a'.repeat(100)}b`, 'a'.repeat(255))).toBe(false);
    expect(takes(`${'**/a/'.repeat(100)}b`, 'a/'.repeat(1000))).toBe(false);
  });

  it('agrees with picomatch on stars, question marks and folders', () => {
    const name = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 6 });
    const path = (letters: string, ...names: readonly string[]) =>
      fc
        .array(fc.oneof(name(letters), ...names.map((one) => fc.constant(one))), { minLength: 1, maxLength: 5 })
        .map((all) => all.join('/'));
    fc.assert(
      fc.property(path('ab*?', '**'), path('ab'), (pattern, candidate) => {
        // A name of several stars is picomatch's own; and it lets what ends with ** also mean the folder before it.
        fc.pre(!/\*\*[^/]|[^/]\*\*|\*\*$/.test(pattern));
        expect(takes(pattern, candidate)).toBe(picomatch(pattern)(candidate));
      }),
      { numRuns: 2000 },
    );
  });
});
