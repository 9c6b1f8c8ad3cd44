/**
 * Patterns of paths: `*` any characters of one name, `?` one character, `[a-z]` one of these and `[!a-z]` one of all others, `{a,b}` either, `**` any number of
 * folders. What has no such meaning where it stands is itself; `[*]` is a star.
 *
 * Both levels, the characters of a name and the names of a path, are matched by one rule that never takes back more than its last `*`: its time
 * is bounded by the product of both lengths. Regular expressions made of patterns take seconds for one name where a pattern has four stars.
 */
import { ServiceError } from '../errors.ts';

/** A pattern that stands for more is refused: every path is held against each of them. */
const MAX_ALTERNATIVES = 100;

/** A pair of braces with a comma between them and no other brace. */
const INNERMOST_BRACES = /\{([^{}]*,[^{}]*)\}/u;

/** Stands for any number of items, none included. */
const MANY = null;
type Sequence<Item> = readonly (((item: Item) => boolean) | typeof MANY)[];

/** A pattern, divided where it begins to be one. */
export interface PathPattern {
  /** The folder before the first name that is a pattern. */
  readonly folder: string;
  /** The rest, relative to it. */
  readonly pattern: string;
}

/** What a pattern takes. */
export interface PatternRule {
  /** Whether it takes a file. @param path relative, divided by `/` */
  readonly matches: (path: string) => boolean;
  /** How many names the longest path that it can take has; infinity where it has `**`. */
  readonly maxNames: number;
}

/** Divides an absolute path; undefined where no name of it is a pattern. */
export function splitPattern(path: string): PathPattern | undefined {
  const names = path.split('/');
  const first = names.findIndex((name) => /[*?[{]/.test(name));
  if (first === -1) return undefined;
  return { folder: names.slice(0, first).join('/') || '/', pattern: names.slice(first).join('/') };
}

/** Makes the rule of a relative pattern. Throws REQUEST_INVALID where its braces stand for too many. */
export function compilePattern(pattern: string): PatternRule {
  const alternatives = expandBraces(pattern).map(pathSequence);
  return {
    matches: (path) => {
      const names = path.split('/').map((name) => Array.from(name));
      return alternatives.some((alternative) => matchesSequence(alternative, names));
    },
    maxNames: Math.max(
      ...alternatives.map((names) => (names.includes(MANY) ? Number.POSITIVE_INFINITY : names.length)),
    ),
  };
}

function matchesSequence<Item>(sequence: Sequence<Item>, items: readonly Item[]): boolean {
  let at = 0;
  let lastMany = -1;
  let takenByMany = 0;
  for (let index = 0; index < items.length; ) {
    const rule = sequence[at];
    if (rule === MANY) {
      lastMany = at;
      takenByMany = index;
      at += 1;
    } else if (rule?.(items[index] as Item) === true) {
      at += 1;
      index += 1;
    } else if (lastMany >= 0) {
      takenByMany += 1;
      index = takenByMany;
      at = lastMany + 1;
    } else return false;
  }
  return sequence.slice(at).every((rule) => rule === MANY);
}

function pathSequence(pattern: string): Sequence<readonly string[]> {
  const names = pattern.split('/').map((name) => {
    if (name === '**') return MANY;
    const sequence = nameSequence(name);
    return (characters: readonly string[]) => matchesSequence(sequence, characters);
  });
  // What it ends with must be a file: of `**` alone, any one.
  return names.at(-1) === MANY ? [...names, () => true] : names;
}

function nameSequence(pattern: string): Sequence<string> {
  const sequence: (((character: string) => boolean) | typeof MANY)[] = [];
  for (const [part, set] of pattern.matchAll(/\[([!^]?.[^\]]*)\]|./gsu)) {
    if (set !== undefined) sequence.push(characterSet(set));
    else if (part === '*') sequence.push(MANY);
    else sequence.push((character) => part === '?' || character === part);
  }
  return sequence;
}

/** What stands between brackets. */
function characterSet(set: string): (character: string) => boolean {
  const isNegated = set.length > 1 && (set.startsWith('!') || set.startsWith('^'));
  const ranges = [...set.slice(isNegated ? 1 : 0).matchAll(/(.)-(.)|(.)/gsu)].map(
    ([, first, last, only = '']) => [first ?? only, last ?? only] as const,
  );
  return (character) =>
    isNegated !==
    ranges.some(([first, last]) => compareCodePoints(first, character) <= 0 && compareCodePoints(character, last) <= 0);
}

function compareCodePoints(first: string, second: string): number {
  return (first.codePointAt(0) as number) - (second.codePointAt(0) as number);
}

/** All patterns without braces that one with braces stands for. */
function expandBraces(pattern: string): readonly string[] {
  const expanded: string[] = [];
  const waiting = [pattern];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const braces = INNERMOST_BRACES.exec(next);
    if (braces === null) expanded.push(next);
    else {
      const before = next.slice(0, braces.index);
      const after = next.slice(braces.index + braces[0].length);
      for (const alternative of (braces[1] as string).split(',')) waiting.push(before + alternative + after);
    }
    if (waiting.length + expanded.length > MAX_ALTERNATIVES) {
      const message = `The pattern stands for more than ${MAX_ALTERNATIVES} patterns.`;
      throw new ServiceError('REQUEST_INVALID', { fields: [{ field: 'file_path', message }] });
    }
  }
  return expanded;
}
