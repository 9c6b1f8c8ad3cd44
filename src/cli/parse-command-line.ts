import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { ServiceError } from '../errors.ts';
import { VERSION } from '../version.ts';
import type { CommandContext } from './command.ts';
import type { CommandSpec } from './command-spec.ts';
import { COMMAND_GROUPS, type CommandName, commandEntries } from './command-table.ts';
import { commandInvalid } from './option-values.ts';

/** A command line that was understood. */
export interface ParsedCommandLine {
  readonly name: CommandName;
  /** Arguments and options, as the table says. */
  readonly values: Readonly<Record<string, unknown>>;
}

const ABOUT = 'Delivers feed files to an HTTP callback in acknowledged chunks: in order, nothing lost, nothing twice.';
const MORE = `
ackstream <command> --help tells more of one command. docs/cli.md has examples and exit codes.`;

/** As long as lines of prose can be read; and where no terminal says how wide it is. */
const HELP_COLUMNS = 100;

/**
 * Reads a command line without the name of the program; null where it asked for help or the version, which is written.
 * @throws COMMAND_INVALID for what is unknown (with the nearest known), missing, too much or no value of its option.
 */
export function parseCommandLine(args: readonly string[], context: CommandContext): ParsedCommandLine | null {
  if (args.length === 0) throw commandInvalid('A command is missing; `ackstream --help` lists them');
  const parsed: ParsedCommandLine[] = [];
  try {
    createProgram(context, (line) => parsed.push(line)).parse(withHelpAsOption(args), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw useError(error);
  }
  return parsed[0] ?? null;
}

/**
 * What asks for the help of one command in the form that commander judges best: its help command takes any word, and its help option any before it, as if nothing
 * had been named.
 */
function withHelpAsOption(args: readonly string[]): readonly string[] {
  const [first = '', ...rest] = args;
  const words = first === 'help' ? rest : args;
  if (first === 'help' && rest.length === 0) return ['--help'];
  const isKnown = commandEntries().some(([name]) => name.split(' ')[0] === words[0]);
  if (!isKnown) return words.slice(0, 1);
  return first === 'help' ? [...words, '--help'] : args;
}

function createProgram(context: CommandContext, onParsed: (line: ParsedCommandLine) => void): Command {
  const program = new Command('ackstream')
    .usage('<command> [options]')
    .description(ABOUT)
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'tell more of a command')
    .exitOverride()
    .configureOutput({
      writeOut: context.write,
      // What is wrong comes as an error, too.
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(context.terminalColumns() ?? HELP_COLUMNS, HELP_COLUMNS),
    })
    .addHelpText('after', MORE);
  const groups = new Map<string, Command>();
  for (const [name, spec] of commandEntries()) {
    const [word = name, subcommand] = name.split(' ');
    const parent = subcommand === undefined ? program : groupOf(program, groups, word);
    addCommand(parent, subcommand ?? word, spec).action((...given: unknown[]) => {
      const texts = given.slice(0, spec.arguments.length);
      const positionals = Object.fromEntries(spec.arguments.map((argument, index) => [argument.name, texts[index]]));
      onParsed({ name, values: { ...positionals, ...(given[texts.length] as object) } });
    });
  }
  return program;
}

function groupOf(program: Command, groups: Map<string, Command>, word: string): Command {
  const known = groups.get(word);
  if (known !== undefined) return known;
  const summary = COMMAND_GROUPS[word as keyof typeof COMMAND_GROUPS];
  const group = program.command(word).description(summary).usage('<command> [options]');
  groups.set(word, group);
  return group;
}

function addCommand(parent: Command, word: string, spec: CommandSpec): Command {
  const command = parent.command(word).summary(spec.summary).description(spec.description);
  for (const { name, description, choices } of spec.arguments) {
    const argument = new Argument(`<${name}>`, withChoices(description, choices));
    if (choices !== undefined) argument.argParser((text) => choiceOf(choices, text));
    command.addArgument(argument);
  }
  for (const { flags, description, choices, isRequired = false } of spec.options) {
    const option = new Option(flags, withChoices(isRequired ? `${description} (required)` : description, choices));
    if (choices !== undefined && option.variadic) option.argParser(anyOf(choices));
    else if (choices !== undefined) option.argParser((text) => choiceOf(choices, text));
    else if (flags.endsWith('<n>')) option.argParser(wholeNumber);
    command.addOption(option.makeOptionMandatory(isRequired));
  }
  const examples = spec.examples.map(({ line, about }) => `  ${line}\n      ${about}\n`).join('');
  const exits = Object.entries(spec.exits).map(([code, meaning]) => `  ${code.padEnd(3)}  ${meaning}\n`);
  return command.addHelpText('after', `\nExamples:\n${examples}\nExit codes:\n${exits.join('')}`);
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? description : `${description}: ${choices.join(', ')}`;
}

function wholeNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number');
  return value;
}

/** A choice in whatever case it was written. */
function choiceOf(choices: readonly string[], text: string): string {
  const choice = choices.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
  if (choice === undefined) throw new InvalidArgumentError(`It must be one of ${choices.join(', ')}`);
  return choice;
}

/** For an option that may be repeated: what was chosen so far, and one more. */
function anyOf(choices: readonly string[]) {
  return (text: string, earlier: string[] = []) => [...earlier, choiceOf(choices, text)];
}

/** Commander says what is wrong, and in brackets on a line of its own what was perhaps meant. */
function useError(error: CommanderError): ServiceError {
  if (error.code === 'commander.help') return commandInvalid('A command is missing');
  const [problem = '', meant] = error.message.replace(/^error: /, '').split('\n');
  const sentence = `${problem.charAt(0).toUpperCase()}${problem.slice(1)}`.replace(/\.$/, '');
  return commandInvalid(meant === undefined ? sentence : `${sentence} ${meant.replace('(Did', '(did')}`, error);
}
