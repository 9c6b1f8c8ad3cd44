/** docs/cli.md shows every command (test/docs runs what it shows); docs/cli-reference.md is what `--help` says. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commandEntries } from '../../src/cli/command-table.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { readFences } from '../docs/read-page.ts';
import { projectRoot, readProjectFile } from '../repo/project-files.ts';
import { recordedContext } from './command-fixtures.ts';

it('docs/cli.md shows every command', () => {
  const shown = readFences(readProjectFile('docs/cli.md')).flatMap(({ language, code }) =>
    language === 'sh' ? code : [],
  );
  const names = commandEntries().map(([name]) => name);
  expect(names.filter((name) => !new RegExp(`^ackstream ${name}\\b`, 'm').test(shown.join('')))).toEqual([]);
});

it('docs/cli-reference.md is what --help says', async () => {
  const sections: string[] = [];
  for (const words of [[], ...commandEntries().map(([name]) => name.split(' '))]) {
    const { context, written } = recordedContext();
    await runCommandLine([...words, '--help'], context);
    sections.push(`## \`${['ackstream', ...words].join(' ')}\`\n\n\`\`\`text\n${written.out.trimEnd()}\n\`\`\`\n`);
  }
  const head =
    '# Reference of the command line\n\nWhat `--help` says, written by its test (`npx vitest run test/cli/documentation.test.ts --update=all`). [cli.md](cli.md) tells how the commands work together.\n';
  await expect([head, ...sections].join('\n')).toMatchFileSnapshot(join(projectRoot, 'docs', 'cli-reference.md'));
});
