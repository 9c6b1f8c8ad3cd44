/*
 * What a reader of a page of the documentation does. ` ```sh ` is typed, a command after the other; a comment `# exits 4` behind one says with which code it ends, if not with 0. ` ```text ` right
 * behind it is what it promises to show, where `…` stands for anything within a line; ` ```text <program> ` what that program shows by then; ` ```text shown ` an example that nothing is held to. ` ```sh again ` is
 * what a reader types again until it shows what is promised. A comment `<!-- stops the <program> -->` stands for Ctrl-C in its terminal.
 */
import assert from 'node:assert/strict';

/** One command of a page, of one line or more. */
export interface DocumentedCommand {
  readonly text: string;
  readonly exitCode: number;
}

/** What a reader does next. */
export type PageStep =
  | {
      readonly kind: 'type';
      readonly commands: readonly DocumentedCommand[];
      readonly isRepeated: boolean;
      readonly promised: readonly string[];
    }
  | { readonly kind: 'stop'; readonly program: string }
  | { readonly kind: 'look'; readonly program: string; readonly promised: readonly string[] };

/** A fenced block of a page, without the indentation that it has in a list. */
export interface Fence {
  readonly language: string;
  /** What follows the language. */
  readonly word: string;
  readonly code: string;
  /** The language of the block right before it; undefined: something else stands there. */
  readonly behind: string | undefined;
}

/** Behind `text`: an example of what something shows, and no promise. */
const EXAMPLE = 'shown';
const FENCE = /^(?<indent> *)```(?<language>\w*) ?(?<word>\w*)\n(?<code>[\s\S]*?)^ *```$/gm;
const STOP = /^ *<!-- stops the (?<stopped>\w+) -->$/gm;
const FENCE_OR_STOP = new RegExp(`${FENCE.source}|${STOP.source}`, 'gm');

function* fencesAndStops(markdown: string): Generator<Fence | string> {
  let before: { readonly end: number; readonly language: string } | undefined;
  for (const { 0: text, index, groups } of markdown.matchAll(FENCE_OR_STOP)) {
    const { indent = '', language = '', word = '', code = '', stopped } = groups as Record<string, string | undefined>;
    if (stopped !== undefined) {
      yield stopped;
      continue;
    }
    const behind = markdown.slice(before?.end, index).trim() === '' ? before?.language : undefined;
    before = { end: index + text.length, language };
    yield { language, word, code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''), behind };
  }
}

/** The fenced blocks of a page. */
export function readFences(markdown: string): Fence[] {
  return [...fencesAndStops(markdown)].filter((found) => typeof found !== 'string');
}

/** The steps of a page, in order. Fails at a block of text that would promise something, and is held against nothing. */
export function readPage(markdown: string): PageStep[] {
  const steps: PageStep[] = [];
  for (const found of fencesAndStops(markdown)) {
    if (typeof found === 'string') {
      steps.push({ kind: 'stop', program: found });
      continue;
    }
    const { language, word, code, behind } = found;
    const last = steps.at(-1);
    const lines = code.split('\n').filter((line) => line !== '');
    if (language === 'sh') {
      steps.push({ kind: 'type', commands: readCommands(code), isRepeated: word === 'again', promised: [] });
    } else if (language !== 'text' || word === EXAMPLE) continue;
    else if (word !== '') steps.push({ kind: 'look', program: word, promised: lines });
    else {
      assert(
        behind === 'sh' && last?.kind === 'type',
        `what shows this? If nothing does, say \`text ${EXAMPLE}\`:\n${code}`,
      );
      steps[steps.length - 1] = { ...last, promised: lines };
    }
  }
  return steps;
}

/** The commands of a block: one for each line, but for lines within quotes, behind a backslash, or behind `&&`. */
function readCommands(code: string): DocumentedCommand[] {
  const commands: DocumentedCommand[] = [];
  let text = '';
  for (const line of code.trimEnd().split('\n')) {
    text += text === '' ? line : `\n${line}`;
    if (text.trim() === '' || goesOn(text)) continue;
    commands.push({ text, exitCode: Number(/ # exits (\d+)/.exec(text)?.[1] ?? 0) });
    text = '';
  }
  return commands;
}

function goesOn(text: string): boolean {
  const outside = text.replaceAll(/'[^']*'|"(?:[^"\\]|\\.)*"|\s#.*$/gm, '');
  return /(?:\\|&&)$/.test(outside) || /['"]/.test(outside);
}

/** The first line of a promise that `shown` does not have behind those before it; undefined: it is kept. `…` stands for anything within a line. */
export function findBrokenPromise(promised: readonly string[], shown: string): string | undefined {
  const lines = shown.split('\n');
  let from = 0;
  return promised.find((promise) => {
    const pattern = new RegExp(`^\\s*${promise.split('…').map(escapePattern).join('.*')}\\s*$`);
    const at = lines.findIndex((line, index) => index >= from && pattern.test(line));
    from = at + 1;
    return at < 0;
  });
}

/** A text as a pattern in which any number of spaces is as good as one. */
function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+');
}
