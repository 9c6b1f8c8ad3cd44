import { describe, expect, it } from 'vitest';
import { type ProjectFile, readProjectFile, readProjectFiles } from './project-files.ts';
import { findLines, findLongFiles, findMisnamedFiles, findUndocumentedExports } from './tidy-rules.ts';

/** Fewer than this means that the checks look past the code. */
const FEWEST_PRODUCT_FILES = 130;
const FEWEST_FILES = 220;
const MAX_FILE_LINES = 400;
/** Read by tests and by what tests arm, never set by a person who runs the service. */
const FOR_TESTS = new Set(['ACKSTREAM_CORPORA', 'ACKSTREAM_CRASH_AT']);

const productFiles = ['src', 'mock-receiver'].flatMap((folder) => readProjectFiles(folder, /\.ts$/));
const codeFiles = [
  ...productFiles,
  ...['test', 'bench'].flatMap((folder) => readProjectFiles(folder, /\.[jt]s$/)),
  ...readProjectFiles('bin', /\.js$/),
];
const testFiles = codeFiles.filter((file) => file.path.startsWith('test/'));
const textFiles = readProjectFiles('', /\.(?:[jt]s|json|md|sql|ya?ml)$|^\.ci\/|^\.[a-z]+rc/).filter(
  (file) => file.path !== 'package-lock.json',
);

const outside = (files: readonly ProjectFile[], allowed: RegExp) => files.filter((file) => !allowed.test(file.path));

describe('the code', () => {
  it('is seen by these checks', () => {
    console.log(
      `tidy: ${productFiles.length} files of the product, ${codeFiles.length} of code, ${textFiles.length} of text`,
    );
    expect(productFiles.length).toBeGreaterThanOrEqual(FEWEST_PRODUCT_FILES);
    expect(codeFiles.length).toBeGreaterThanOrEqual(FEWEST_FILES);
    expect(textFiles.length).toBeGreaterThan(codeFiles.length);
  });

  it('reads the environment only where a process begins', () => {
    const entries = /^src\/(?:config|main)\.ts$|^src\/cli\/(?:main|demo[\w-]*)\.ts$|^mock-receiver\/main\.ts$/;
    expect(findLines(outside(productFiles, entries), /process\.env\b/)).toEqual([]);
  });

  it('writes to the console only in the command line and the mock receiver', () => {
    expect(findLines(outside(productFiles, /^src\/cli\/|^mock-receiver\/main\.ts$/), /\bconsole\.\w/)).toEqual([]);
  });

  it(`has no file over ${MAX_FILE_LINES} lines`, () => {
    expect(findLongFiles(codeFiles, MAX_FILE_LINES)).toEqual([]);
  });

  it('names its files in kebab case', () => {
    expect(findMisnamedFiles(codeFiles)).toEqual([]);
  });

  it('documents every exported function, class and type', () => {
    expect(findUndocumentedExports(productFiles)).toEqual([]);
  });

  it('leaves nothing open', () => {
    expect(findLines(codeFiles, /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/)).toEqual([]);
  });
});

describe('the tests', () => {
  it('all run, or say why not', () => {
    expect(findLines(testFiles, /\b(?:it|test|describe)(?:\.\w+)*\.(?:only|skip|todo|fails)\b/)).toEqual([]);
    const silent = testFiles.filter(
      (file) => /\.(?:skipIf|runIf)\(/.test(file.text) && !/console\.log\(|\bcorpusFolder\(/.test(file.text),
    );
    expect(silent.map((file) => `${file.path} skips tests without a line that says so`)).toEqual([]);
    expect(findLines(testFiles, /\.skip\(\s*\)/)).toEqual([]);
  });

  it('wait for events, never for the clock; the harness looks again until a deadline', () => {
    const sleep =
      /\bsetTimeout\((?:resolve|done|r)\b|import \{[^}]*\bsetTimeout\b[^}]*\} from 'node:timers\/promises'|\bsleep\(\d/;
    expect(findLines(outside(testFiles, /^test\/harness\//), sleep)).toEqual([]);
  });
});

describe('the texts', () => {
  it('name no path of a machine and no number of a tracker', () => {
    const machinePath = /(?<![\w.])\/(?:work|farm|root|home|Users)\//;
    expect(findLines(textFiles, machinePath)).toEqual([]);
    expect(findLines(textFiles, /\bissue #?\d+/i)).toEqual([]);
  });

  it('have the headings that the code refers to', () => {
    const references = codeFiles.flatMap((file) =>
      [...file.text.matchAll(/(docs\/[\w-]+\.md),? "([^"\n]+)"/g)].map(([, path = '', heading = '']) => ({
        path,
        heading,
      })),
    );
    expect(references.length).toBeGreaterThan(5);
    const missing = references.filter(({ path, heading }) => !readProjectFile(path).includes(`# ${heading}`));
    expect(missing.map(({ path, heading }) => `${path} has no heading "${heading}"`)).toEqual([]);
  });

  it('document every setting in docs/operations.md and README.md, and no other', () => {
    const settingsOf = (text: string) => new Set(text.match(/\bACKSTREAM_[A-Z_]+\b/g) ?? []);
    const settings = settingsOf(readProjectFile('src/config.ts'));
    expect(settings.size, 'settings read by src/config.ts').toBeGreaterThan(5);
    for (const document of ['docs/operations.md', 'README.md']) {
      const documented = settingsOf(readProjectFile(document));
      const missing = [...settings].filter((name) => !documented.has(name) && !FOR_TESTS.has(name));
      expect(missing, `settings missing in ${document}`).toEqual([]);
      const unknown = [...documented].filter((name) => !settings.has(name) && !FOR_TESTS.has(name));
      expect(unknown, `settings of ${document} that do not exist`).toEqual([]);
    }
  });

  it('show every folder of the code in the tree of ARCHITECTURE.md', () => {
    const tree = /```[^\n]*\n([\s\S]*?)```/.exec(readProjectFile('ARCHITECTURE.md'))?.[1] ?? '';
    const folders = new Set(productFiles.map((file) => file.path.split('/').slice(0, -1).at(-1)));
    expect(folders.size).toBeGreaterThan(5);
    const missing = [...folders].filter((folder) => !new RegExp(`(?:^|[\\s/])${folder}/`, 'm').test(tree));
    expect(missing, 'folders missing in the first code block of ARCHITECTURE.md').toEqual([]);
  });
});

describe('the checks themselves', () => {
  const planted = (text: string): ProjectFile[] => [{ path: 'src/planted.ts', text }];

  it.each([
    ['function', 'export async function send() {}'],
    ['class', '/* not a docstring */\nexport abstract class Sender {}'],
    ['interface', '/** Of something else. */\n\nexport interface Sender {}'],
    ['type', "import x from 'y';\nexport type Sender = string;"],
  ])('see an exported %s without a docstring', (_kind, text) => {
    expect(findUndocumentedExports(planted(text))).toHaveLength(1);
  });

  it('accept a docstring of one or several lines', () => {
    const text = '/** One. */\nexport class One {}\n/**\n * Two.\n */\nexport function two() {}';
    expect(findUndocumentedExports(planted(text))).toEqual([]);
  });

  it('count lines as an editor does', () => {
    expect(findLongFiles(planted('a\nb\n'), 2)).toEqual([]);
    expect(findLongFiles(planted('a\nb\nc\n'), 2)).toEqual(['src/planted.ts has 3 lines']);
  });

  it('tell kebab case from other cases', () => {
    const misnamed = ['src/aB.ts', 'src/a_b.ts', 'src/Up/a.ts', 'src/a--b.ts'];
    const named = ['src/a.ts', 'test/a/b-c.test.ts', 'vitest.long.config.ts'];
    expect(findMisnamedFiles([...misnamed, ...named].map((path) => ({ path, text: '' })))).toEqual(misnamed);
  });
});
