/** docs/cli.md is walked: every command line of its `sh` blocks runs in one folder, in order, with a real service and a real receiver; docs/cli-reference.md is what `--help` says. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { commandEntries } from '../../src/cli/command-table.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { systemClock } from '../../src/system-clock.ts';
import { writePythonState } from '../harness/python-state.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { projectRoot, readProjectFile } from '../repo/project-files.ts';
import { recordedContext } from './command-fixtures.ts';

const EVERY_COMMAND = new Set(commandEntries().map(([name]) => name));
const SETTINGS = { ACKSTREAM_PORT: '0', ACKSTREAM_RATE_LIMIT: '0', ACKSTREAM_LOG_LEVEL: 'error' };
const LISTENS = /listens on (http:\S+?)(?:\/callback)?\n/;
/** Asks more often than a person would want to be told. */
const impatientClock = {
  now: systemClock.now,
  sleep: (durationMs: number, signal?: AbortSignal) => systemClock.sleep(Math.min(durationMs, 20), signal),
};

interface DocumentedLine {
  readonly text: string;
  readonly words: readonly string[];
  /** Where its output goes; undefined: to the terminal. */
  readonly file: string | undefined;
  readonly exitCode: number;
}

/** The lines of the `sh` blocks. A comment `# exits <n>` says with which code; 0 is not said. */
function linesOf(markdown: string): readonly DocumentedLine[] {
  const blocks = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks
    .join('')
    .trimEnd()
    .split('\n')
    .map((text) => {
      const [command = '', comment = ''] = text.split(/ +# /);
      const [line = '', file] = command.split(' > ');
      const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(
        ([word, double, single]) => double ?? single ?? word,
      );
      return { text, words, file, exitCode: Number(/^exits (\d+)/.exec(comment)?.[1] ?? 0) };
    });
}

/** Runs what goes on until it is ended, in the background; where it listens. It has ended when the test has finished. */
async function runInBackground(args: readonly string[], cwd: string): Promise<string> {
  const { context, written } = recordedContext({ cwd, env: SETTINGS });
  const stopping = new AbortController();
  const listening = Promise.withResolvers<string>();
  const write = (text: string) => {
    context.write(text);
    const url = LISTENS.exec(written.out)?.[1];
    if (url !== undefined) listening.resolve(url);
  };
  const ended = runCommandLine(args, { ...context, write, signal: stopping.signal });
  onTestFinished(async () => {
    stopping.abort();
    expect(await ended).toBe(0);
  });
  return Promise.race([
    listening.promise,
    ended.then((code) => Promise.reject(new Error(`${code}: ${written.error}`))),
  ]);
}

it('docs/cli.md shows commands that do what it says', async () => {
  const folder = tempFolder();
  writePythonState(join(folder, 'ingestion_state.db'), []);
  const lines = linesOf(readProjectFile('docs/cli.md'));
  const origins = new Map<string, string>();
  const shown = new Set<string>();
  for (const { text, words, file, exitCode } of lines) {
    const [program, ...args] = words.map((word) => [...origins].reduce((so, [from, to]) => so.replace(from, to), word));
    expect(program, text).toBe('ackstream');
    shown.add(EVERY_COMMAND.has(`${args[0]} ${args[1]}` as never) ? `${args[0]} ${args[1]}` : (args[0] ?? ''));
    if (args[0] === 'serve') await runInBackground(args, folder);
    else if (args[0] === 'receiver') {
      origins.set(
        'http://127.0.0.1:9000',
        await runInBackground(
          args.map((word) => (word === '9000' ? '0' : word)),
          folder,
        ),
      );
    } else {
      const { context, written } = recordedContext({ cwd: folder, env: SETTINGS, clock: impatientClock });
      const code = await runCommandLine(args, context);
      expect({ text, code, error: written.error }).toEqual({
        text,
        code: exitCode,
        error: exitCode === 0 ? expect.any(String) : expect.stringMatching(/^[A-Z_]+: /),
      });
      if (file !== undefined) writeFileSync(join(folder, file), written.out);
    }
  }
  expect([...shown].toSorted()).toEqual([...EVERY_COMMAND].toSorted());
});

it('docs/cli-reference.md is what --help says', async () => {
  const sections: string[] = [];
  for (const words of [[], ...commandEntries().map(([name]) => name.split(' '))]) {
    const { context, written } = recordedContext();
    await runCommandLine([...words, '--help'], context);
    sections.push(`## \`${['ackstream', ...words].join(' ')}\`\n\n\`\`\`text\n${written.out.trimEnd()}\n\`\`\`\n`);
  }
  const head =
    '# Reference of the command line\n\nWhat `--help` says, written by its test (`vitest -u`). [cli.md](cli.md) tells how the commands work together.\n';
  await expect([head, ...sections].join('\n')).toMatchFileSnapshot(join(projectRoot, 'docs', 'cli-reference.md'));
});
