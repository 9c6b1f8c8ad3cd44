/** The terminal in which one thing is done after the other; the others have a process that runs on. */
export const MAIN_TERMINAL = 'main';

/** What a reader of docs/tutorial.md does next. */
export type TutorialStep =
  | {
      readonly kind: 'type';
      readonly terminal: string;
      readonly code: string;
      /** `'fails'`: its exit code is not 0. `'again'`: until it shows what is promised. */
      readonly mark: 'fails' | 'again' | null;
      readonly promised: readonly string[];
    }
  /** Ctrl-C. */
  | { readonly kind: 'stop'; readonly terminal: string }
  /** Looks at what a terminal shows by now. */
  | { readonly kind: 'look'; readonly terminal: string; readonly promised: readonly string[] };

const FENCE_OR_STOP =
  /^```(?<language>sh|text)(?<words>[^\n]*)\n(?<code>[\s\S]*?)^```$|^<!-- stops the (?<stopped>\w+) -->$/gm;

/**
 * The steps of a tutorial, in order. ` ```sh [terminal] [fails|again] ` is typed, ` ```text ` right behind it is what it promises to show, ` ```text <terminal> ` what another terminal
 * shows by then, a comment `stops the <terminal>` stands for Ctrl-C. ` ```sh setup ` is what the test does in its own way.
 */
export function readTutorial(markdown: string): TutorialStep[] {
  const steps: TutorialStep[] = [];
  for (const { groups } of markdown.matchAll(FENCE_OR_STOP)) {
    const { language, words = '', code = '', stopped } = groups as Record<string, string | undefined>;
    const [first, second] = words.trim().split(/\s+/).filter(Boolean);
    const lines = code.split('\n').filter((line) => line !== '');
    const last = steps.at(-1);
    if (stopped !== undefined) steps.push({ kind: 'stop', terminal: stopped });
    else if (language === 'text' && first !== undefined) steps.push({ kind: 'look', terminal: first, promised: lines });
    else if (language === 'text' && last?.kind === 'type') steps[steps.length - 1] = { ...last, promised: lines };
    else if (first !== 'setup') steps.push({ kind: 'type', ...readWords(first, second), code, promised: [] });
  }
  return steps;
}

function readWords(
  first: string | undefined,
  second: string | undefined,
): { terminal: string; mark: 'fails' | 'again' | null } {
  const isMark = (word: string | undefined) => word === 'fails' || word === 'again';
  if (isMark(first)) return { terminal: MAIN_TERMINAL, mark: first };
  return { terminal: first ?? MAIN_TERMINAL, mark: isMark(second) ? second : null };
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
