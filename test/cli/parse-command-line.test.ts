import { describe, expect, it } from 'vitest';
import { USAGE } from '../../mock-receiver/command-line.ts';
import { COMMAND_LOADERS } from '../../src/cli/command-loaders.ts';
import { COMMANDS, commandEntries } from '../../src/cli/command-table.ts';
import { parseCommandLine } from '../../src/cli/parse-command-line.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { FEED_COMPRESSIONS, FEED_FORMATS } from '../../src/generate/write-feed.ts';
import { recordedContext } from './command-fixtures.ts';

const parse = (...args: readonly string[]) => parseCommandLine(args, recordedContext().context);
const ID = 'some-id';

async function run(...args: readonly string[]) {
  const { context, written } = recordedContext();
  const code = await runCommandLine(args, context);
  return { code, out: written.out, error: written.error };
}

describe('a command line', () => {
  it('has options and arguments in any order', () => {
    expect(parse('ingest', '--json', 'a.json', '--callback=http://r/', '--no-wait', '--chunk-records', '0500')).toEqual(
      {
        name: 'ingest',
        values: { file: 'a.json', json: true, callback: 'http://r/', wait: false, chunkRecords: 500 },
      },
    );
  });

  it('may have commands of two words, repeated options, and choices in any case', () => {
    expect(parse('token', 'create', '--name', 'pim', '--scope', 'ingest', '--scope', 'READ')).toEqual({
      name: 'token create',
      values: { name: 'pim', scope: ['ingest', 'read'] },
    });
    expect(parse('list', '--status', 'failed')?.values).toEqual({ status: 'FAILED' });
  });

  it('has what follows -- as it is', () => {
    expect(parse('status', '--', '--json')?.values).toEqual({ ingestion: '--json' });
  });

  it.each<[string, readonly string[], string]>([
    ['no command', [], 'A command is missing; `ackstream --help` lists them.'],
    ['half a command', ['token'], 'A command is missing.'],
    ['an unknown command', ['ingets', 'a'], "Unknown command 'ingets' (did you mean ingest?)."],
    [
      'an unknown command that is asked for its help',
      ['lits', '--help'],
      "Unknown command 'lits' (did you mean list?).",
    ],
    ['help for an unknown command', ['help', 'lits'], "Unknown command 'lits' (did you mean list?)."],
    ['an unknown second word', ['token', 'revok', 'a'], "Unknown command 'revok' (did you mean revoke?)."],
    ['a property of every object as a command', ['toString'], "Unknown command 'toString'."],
    ['an unknown option', ['status', ID, '--jsno'], "Unknown option '--jsno' (did you mean --json?)."],
    ['an option without its value', ['list', '--url'], "Option '--url <url>' argument missing."],
    ['a value for a flag', ['list', '--json=1'], "Unknown option '--json=1' (did you mean --json?)."],
    ['a value that is none of the choices', ['completion', 'tcsh'], 'It must be one of bash, zsh, fish.'],
    [
      'a number that is none',
      ['preview', 'a', '--records', '1e3'],
      "'--records <n>' argument '1e3' is invalid. It must be a whole number.",
    ],
    ['a number beyond all others', ['preview', 'a', '--records', '99999999999999999999'], 'It must be a whole number.'],
    ['an empty number', ['preview', 'a', '--records', ''], 'It must be a whole number.'],
    ['an option that is left out', ['generate', '--format', 'csv'], "Required option '--records <n>' not specified."],
    ['an argument that is left out', ['status'], "Missing required argument 'ingestion'."],
    ['an argument too many', ['serve', 'now'], "Too many arguments for 'serve'. Expected 0 arguments but got 1: now."],
  ])('that cannot be meant is refused with what is wrong: %s', async (_what, args, message) => {
    const { code, out, error } = await run(...args);
    expect(error).toMatch(/^COMMAND_INVALID: .*\n.*--help.*\n$/);
    expect(error.split('\n')[0]).toContain(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});

describe('help', () => {
  it('is an overview of all commands', async () => {
    const { code, out, error } = await run('--help');
    for (const [name, { summary }] of commandEntries().filter(([known]) => !known.includes(' '))) {
      expect(out).toMatch(new RegExp(`^ {2}${name} .*${summary}$`, 'm'));
    }
    expect({ code, error }).toEqual({ code: 0, error: '' });
  });

  it.each(commandEntries())('tells options, examples and exit codes of %s', async (name, spec) => {
    const { code, out } = await run(...name.split(' '), '--help');
    expect(out).toMatch(new RegExp(`^Usage: ackstream ${name}\\b`));
    for (const { flags } of spec.options) expect(out).toContain(`  ${flags}`);
    for (const { line } of spec.examples) expect(out).toContain(line);
    for (const [exit, meaning] of Object.entries(spec.exits))
      expect(out).toContain(`\n  ${exit.padEnd(3)}  ${meaning}\n`);
    expect(code).toBe(0);
    expect(await run('help', ...name.split(' '))).toEqual({ code: 0, out, error: '' });
  });
});

it('is not wider than can be read, and not wider than the terminal', async () => {
  for (const [columns, widest] of [
    [200, 100],
    [60, 60],
  ] as const) {
    const { context, written } = recordedContext({ terminalColumns: () => columns });
    await runCommandLine(['import', '--help'], context);
    const [description = ''] = written.out.split('Arguments:');
    expect(Math.max(...description.split('\n').map((line) => line.length))).toBeLessThanOrEqual(widest);
  }
});

describe('the command table', () => {
  it('has the options of the reference receiver', () => {
    const options = COMMANDS.receiver.options.map(({ flags }) => flags.split(' ')[0]);
    expect([...options, '--help']).toEqual(USAGE.match(/^ {2}(--\w+)/gm)?.map((line) => line.trim()));
  });

  it('has the formats and compressions of what is generated', () => {
    const choices = COMMANDS.generate.options.flatMap((option) => ('choices' in option ? [option.choices] : []));
    expect(choices).toEqual([FEED_FORMATS, FEED_COMPRESSIONS]);
  });

  it('shows examples that can be meant', () => {
    for (const [name, { examples }] of commandEntries()) {
      expect(examples.length, name).toBeGreaterThan(0);
      for (const { line } of examples) expect(line).toContain(`ackstream ${name}`);
    }
  });

  it('loads every command', async () => {
    for (const load of Object.values(COMMAND_LOADERS)) expect(await load()).toBeTypeOf('function');
  });
});
