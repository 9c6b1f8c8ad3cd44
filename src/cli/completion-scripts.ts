/** Completion scripts made from the command table: static, so that a press of TAB starts no process. */
import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { COMMAND_GROUPS, commandEntries } from './command-table.ts';

/** The words that may follow others, each with what it means. */
interface WordSpec {
  readonly word: string;
  readonly meaning: string;
}

const HELP: WordSpec = { word: '--help', meaning: 'print what it takes' };

/** For `source <(ackstream completion bash)`. */
export function bashCompletion(): string {
  return `${shellFunction()}complete -o default -F _ackstream ackstream\n`;
}

/** For `source <(ackstream completion zsh)`; zsh runs what is made for bash. */
export function zshCompletion(): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bashCompletion()}`;
}

/** Where nothing but files can follow, the shell completes their names. */
function shellFunction(): string {
  const cases = wordsByCommand().map(
    ([path, words]) => `    '${path}') words='${words.map(({ word }) => word).join(' ')}' ;;`,
  );
  const values = valueCases().map(([pattern, choices]) => `    '${pattern}') words='${choices.join(' ')}' ;;`);
  return `# ackstream completion, made from its commands.
_ackstream() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path='' words='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$path \${COMP_WORDS[index]}" in
${bashPaths()}
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  case "$path $previous" in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
`;
}

function bashPaths(): string {
  return commandPaths()
    .map((path) => `      '${path.includes(' ') ? path : ` ${path}`}') path='${path}' ;;`)
    .join('\n');
}

/** For `~/.config/fish/completions/ackstream.fish`. */
export function fishCompletion(): string {
  const lines = ['# ackstream completion, made from its commands.', 'complete -c ackstream -f'];
  const add = (condition: string, rest: string, meaning: string) =>
    lines.push(`complete -c ackstream -n ${fishQuoted(condition)} ${rest} -d ${fishQuoted(meaning)}`);
  for (const { word, meaning } of firstWords()) add('__fish_use_subcommand', `-a ${word}`, meaning);
  for (const [name, { arguments: positionals, options }] of commandEntries()) {
    const [word = name, subcommand] = name.split(' ');
    const isHere = ['__fish_seen_subcommand_from', word].join(' ');
    const condition = subcommand === undefined ? isHere : `${isHere}; and __fish_seen_subcommand_from ${subcommand}`;
    if (subcommand !== undefined)
      add(`${isHere}; and test (count (commandline -opc)) -eq 2`, `-a ${subcommand}`, summaryOf(name));
    for (const { name: argument, choices, description } of positionals) {
      if (choices !== undefined) add(condition, `-a ${fishQuoted(choices.join(' '))}`, description);
      else if (argument === 'file') add(condition, '-F', description);
    }
    for (const option of options) add(condition, fishOption(option), option.description);
  }
  return `${lines.join('\n')}\n`;
}

function fishOption({ flags, choices }: OptionSpec): string {
  const [flag = ''] = flags.split(' ');
  const name = `-l ${flag.slice(2)}`;
  if (choices !== undefined) return `${name} -x -a ${fishQuoted(choices.join(' '))}`;
  return flags.includes('<') ? `${name} -r` : name;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}

function commandPaths(): readonly string[] {
  return [...Object.keys(COMMAND_GROUPS), ...commandEntries().map(([name]) => name)];
}

/** What may come next, by the command that was written so far; the empty one is none. */
function wordsByCommand(): readonly (readonly [string, readonly WordSpec[]])[] {
  const groups = Object.keys(COMMAND_GROUPS).map((group) => [group, subcommandsOf(group)] as const);
  const commands = commandEntries().map(([name, spec]) => [name, followersOf(spec)] as const);
  return [['', [...firstWords(), HELP, { word: '--version', meaning: 'print the version' }]], ...groups, ...commands];
}

function firstWords(): readonly WordSpec[] {
  const single = commandEntries().filter(([name]) => !name.includes(' '));
  const groups = Object.entries(COMMAND_GROUPS).map(([word, meaning]) => ({ word, meaning }));
  return [...single.map(([word, { summary }]) => ({ word, meaning: summary })), ...groups];
}

function subcommandsOf(group: string): readonly WordSpec[] {
  return commandEntries()
    .filter(([name]) => name.startsWith(`${group} `))
    .map(([name, { summary }]) => ({ word: name.slice(group.length + 1), meaning: summary }));
}

function followersOf({ arguments: positionals, options }: CommandSpec): readonly WordSpec[] {
  const choices = positionals.flatMap((positional) => positional.choices ?? []);
  const words = options.map(({ flags, description }) => ({ word: flags.split(' ')[0] ?? '', meaning: description }));
  return [...choices.map((word) => ({ word, meaning: '' })), ...words, HELP];
}

/** `<command> <option>` and what the option takes: its choices, or nothing that is known. */
function valueCases(): readonly (readonly [string, readonly string[]])[] {
  return commandEntries().flatMap(([name, { options }]) =>
    options
      .filter(({ flags }) => flags.includes('<'))
      .map(({ flags, choices = [] }) => [`${name} ${flags.split(' ')[0]}`, choices] as const),
  );
}

function summaryOf(name: string): string {
  return commandEntries().find(([candidate]) => candidate === name)?.[1].summary ?? '';
}
