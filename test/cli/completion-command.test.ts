/** The script for bash is run by bash; those for other shells are read. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { recordedContext } from './command-fixtures.ts';

async function completionOf(shell: string): Promise<string> {
  const { context, written } = recordedContext();
  expect(await runCommandLine(['completion', shell], context)).toBe(0);
  return written.out;
}

const hasBash = spawnSync('bash', ['-c', 'true']).status === 0;
if (!hasBash) console.log('completion: there is no bash; its script is not run');
/** Of util-linux: gives a program a terminal. */
const SCRIPT = 'script';
const hasScript = hasBash && spawnSync(SCRIPT, ['-qec', 'true', '/dev/null']).status === 0;
if (!hasScript) console.log('completion: there is no script; TAB is not pressed');

/** What bash completes each line by: its last word is the one under the cursor. */
async function completedByBash(lines: readonly string[], before = ''): Promise<string[][]> {
  const calls = lines.map((line) => {
    const words = line.split(' ');
    return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _ackstream; echo "\${COMPREPLY[*]}"`;
  });
  const { stdout, stderr } = spawnSync('bash', ['--norc'], {
    input: `${await completionOf('bash')}\n${before}\n${calls.join('\n')}\n`,
    encoding: 'utf8',
    // It warns where the locale of whoever runs this is not installed.
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
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
      'ackstream list --status = F',
      'ackstream ingest list --callback http://r/ --chunk',
      'ackstream generate ',
      'ackstream completion z',
      'ackstream --v',
    ]);
    expect(completed).toEqual([
      ['re-ingest', 'resume', 'rejects', 'receiver'],
      ['create', 'list', 'revoke'],
      ['--name'],
      ['FAILED'],
      ['FAILED'],
      ['--chunk-records', '--chunk-bytes'],
      expect.arrayContaining(['--format', '--help']),
      ['zsh'],
      ['--version'],
    ]);
  });

  it('leaves names of files to the shell', async () => {
    const lines = [
      'ackstream ingest ',
      'ackstream ingest p',
      'ackstream backup --force ',
      'ackstream generate --out f',
    ];
    expect(await completedByBash(lines)).toEqual([[], [], [], []]);
  });

  it('asks for ids where one is to be named, and nowhere else', async () => {
    const ids = 'ackstream() { [[ "$*" == "list --ids --service-only" ]] && printf "%s\\n" 9d0c 9f11 4b4a; }';
    expect(
      await completedByBash(['ackstream status ', 'ackstream cancel --json 9', 'ackstream verify --j'], ids),
    ).toEqual([['latest', '9d0c', '9f11', '4b4a'], ['9d0c', '9f11'], ['--json']]);
    expect(await completedByBash(['ackstream status '], 'ackstream() { return 3; }')).toEqual([['latest']]);
    expect(
      await completedByBash(['ackstream ingest ', 'ackstream status --u'], 'ackstream() { echo asked >&2; }'),
    ).toEqual([[], ['--url']]);
  });

  it.runIf(hasScript)('is what a press of TAB does', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'completion'), await completionOf('bash'));
    writeFileSync(join(folder, 'products.json'), '[]');
    writeFileSync(
      join(folder, 'rc'),
      `PS1='$ '\nackstream() { if [[ "$*" == "list --ids --service-only" ]]; then echo 9d0c; else printf '<%s>' "$@" >> said; fi; }\n. ./completion\n`,
    );
    const typed = ['ackstream ing\tprod\t --no-w\t', 'ackstream stat\t9\t--wa\t', 'ackstream token rev\t pim', 'exit'];
    const { status } = spawnSync(SCRIPT, ['-qec', 'bash --noprofile --rcfile rc -i', '/dev/null'], {
      cwd: folder,
      env: { PATH: process.env.PATH, TERM: 'dumb', HOME: folder, INPUTRC: '/dev/null' },
      input: typed.map((line) => `${line}\n`).join(''),
      timeout: 10_000,
    });
    expect(status).toBe(0);
    expect(readFileSync(join(folder, 'said'), 'utf8')).toBe(
      '<ingest><products.json><--no-wait><status><9d0c><--watch><token><revoke><pim>',
    );
  });
});

describe('the completion of other shells', () => {
  it('is that of bash in zsh', async () => {
    expect(await completionOf('zsh')).toBe(
      `autoload -U +X bashcompinit && bashcompinit\n${await completionOf('bash')}`,
    );
  });

  it('has no variable that zsh gives a meaning of its own', async () => {
    const [declared = ''] = /local .*/.exec(await completionOf('zsh')) ?? [];
    const names = [...declared.matchAll(/(\w+)(?==|$)/g)].map(([name]) => name);
    expect(names).toContain('current');
    for (const special of ['path', 'words', 'options', 'status', 'argv', 'commands', 'functions', 'aliases']) {
      expect(names).not.toContain(special);
    }
  });

  it('tells fish what each word means', async () => {
    const lines = (await completionOf('fish')).split('\n');
    expect(lines).toContain(
      "complete -c ackstream -n '__fish_use_subcommand' -a doctor -d 'say what is wrong with this installation'",
    );
    expect(lines).toContain(
      "complete -c ackstream -n '__fish_seen_subcommand_from list; and not __fish_seen_subcommand_from token' -l status -x -a 'QUEUED RUNNING PAUSED COMPLETED FAILED CANCELLED' -d 'only those in this state'",
    );
    expect(lines).toContain(
      "complete -c ackstream -n '__fish_seen_subcommand_from pause' -a 'latest (ackstream list --ids --service-only 2>/dev/null | head -n 50)' -d 'id, its beginning, or latest'",
    );
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^# |^complete -c ackstream /);
  });
});
