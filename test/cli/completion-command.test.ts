/** The script for bash is run by bash; those for other shells are read. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { recordedContext } from './command-fixtures.ts';

async function completionOf(shell: string): Promise<string> {
  const { context, written } = recordedContext();
  expect(await runCommandLine(['completion', shell], context)).toBe(0);
  return written.out;
}

const hasBash = spawnSync('bash', ['-c', 'true']).status === 0;
if (!hasBash) console.log('completion: there is no bash; its script is not run');

/** What bash completes each line by: its last word is the one under the cursor. */
async function completedByBash(lines: readonly string[]): Promise<string[][]> {
  const calls = lines.map((line) => {
    const words = line.split(' ');
    return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _ackstream; echo "\${COMPREPLY[*]}"`;
  });
  const { stdout, stderr } = spawnSync('bash', ['--norc'], {
    input: `${await completionOf('bash')}\n${calls.join('\n')}\n`,
    encoding: 'utf8',
    timeout: 10_000,
  });
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' ').filter((word) => word !== ''));
}

describe.runIf(hasBash)('the completion of bash', () => {
  it('knows commands, options and what they take', async () => {
    const completed = await completedByBash([
      'ackstream re',
      'ackstream token ',
      'ackstream token create --na',
      'ackstream list --status F',
      'ackstream ingest list --callback http://r/ --chunk',
      'ackstream ingest ',
      'ackstream completion z',
      'ackstream backup --out',
      'ackstream generate --out f',
    ]);
    expect(completed).toEqual([
      ['re-ingest', 'resume', 'rejects', 'receiver'],
      ['create', 'list', 'revoke'],
      ['--name'],
      ['FAILED'],
      ['--chunk-records', '--chunk-bytes'],
      expect.arrayContaining(['--callback', '--help']),
      ['zsh'],
      [],
      [],
    ]);
  });
});

describe('the completion of other shells', () => {
  it('is that of bash in zsh', async () => {
    expect(await completionOf('zsh')).toBe(
      `autoload -U +X bashcompinit && bashcompinit\n${await completionOf('bash')}`,
    );
  });

  it('tells fish what each word means', async () => {
    const lines = (await completionOf('fish')).split('\n');
    expect(lines).toContain(
      "complete -c ackstream -n '__fish_use_subcommand' -a doctor -d 'say what is wrong with this installation'",
    );
    expect(lines).toContain(
      "complete -c ackstream -n '__fish_seen_subcommand_from list' -l status -x -a 'QUEUED RUNNING PAUSED COMPLETED FAILED CANCELLED' -d 'only those in this state'",
    );
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^# |^complete -c ackstream /);
  });
});
