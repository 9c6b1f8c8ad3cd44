/** Completion scripts made from the command table: static, so that a press of TAB starts no process but where an id is to be completed. */
import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { COMMAND_GROUPS, commandEntries } from './command-table.ts';

/** The words that may follow others, each with what it means. */
interface WordSpec {
  readonly word: string;
  readonly meaning: string;
}

const HELP = '--help';
const GROUPS = Object.keys(COMMAND_GROUPS);
const SECOND_WORDS = new Set(commandEntries().map(([name]) => name.split(' ')[1]));
/** Stands for the ids of ingestions. */
const INGESTIONS = '@ingestions';

/** For `source <(ackstream completion bash)`. */
export function bashCompletion(): string {
  return `${shellFunction()}complete -o default -F _ackstream ackstream\n`;
}

/** For `source <(ackstream completion zsh)`; zsh runs what is made for bash. */
export function zshCompletion(): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bashCompletion()}`;
}

/**
 * The command that prints what an ingestion is named by, where a service runs: a press of TAB shall take the data directory from none that starts. The newest are those
 * that one means.
 */
const LIST_IDS = 'ackstream list --ids --service-only 2>/dev/null';
const MAX_IDS = 50;

/**
 * What is found by no word, the shell completes as names of files. No variable has a name that zsh gives a meaning of its own, such as path, words and
 * options.
 */
function shellFunction(): string {
  const cases = wordsByCommand().map(
    ([name, { choices, flags }]) => `    '${name}') choices='${choices.join(' ')}' flags='${flags.join(' ')}' ;;`,
  );
  const values = valueCases().map(
    ([pattern, choices]) => `    '${pattern}') choices='${choices.join(' ')}' flags='' ;;`,
  );
  return `# ackstream completion, made from its commands.
_ackstream() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" name='' choices='' flags='' index
  # Bash makes a word of the sign in --status=failed.
  if [[ "$current" == '=' ]]; then current=''
  elif [[ "$previous" == '=' ]]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$name \${COMP_WORDS[index]}" in
${bashPaths()}
    esac
  done
  case "$name" in
${cases.join('\n')}
  esac
  case "$name $previous" in
${values.join('\n')}
  esac
  if [[ "$current" == -* ]]; then choices="$flags"
  elif [[ "$choices" == '${INGESTIONS}' ]]; then choices="latest $(${LIST_IDS} | head -n ${MAX_IDS})"
  fi
  COMPREPLY=($(compgen -W "$choices" -- "$current"))
}
`;
}

function bashPaths(): string {
  return commandPaths()
    .map((name) => `      '${name.includes(' ') ? name : ` ${name}`}') name='${name}' ;;`)
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
    const isHere = `__fish_seen_subcommand_from ${word}`;
    // There is `list`, and `token list`.
    const isAlone = SECOND_WORDS.has(word)
      ? `${isHere}; and not __fish_seen_subcommand_from ${GROUPS.join(' ')}`
      : isHere;
    const condition = subcommand === undefined ? isAlone : `${isHere}; and __fish_seen_subcommand_from ${subcommand}`;
    if (subcommand !== undefined)
      add(`${isHere}; and test (count (commandline -opc)) -eq 2`, `-a ${subcommand}`, summaryOf(name));
    for (const { name: argument, choices, description } of positionals) {
      if (choices !== undefined) add(condition, `-a ${fishQuoted(choices.join(' '))}`, description);
      else if (argument === 'file') add(condition, '-F', description);
      else if (argument === 'ingestion')
        add(condition, `-a ${fishQuoted(`latest (${LIST_IDS} | head -n ${MAX_IDS})`)}`, description);
    }
    for (const option of options) add(condition, fishOption(option), option.description);
  }
  return `${lines.join('\n')}\n`;
}

function fishOption(option: OptionSpec): string {
  const { flags, choices } = option;
  const name = `-l ${flagOf(option).slice(2)}`;
  if (choices !== undefined) return `${name} -x -a ${fishQuoted(choices.join(' '))}`;
  return flags.includes('<') ? `${name} -r` : name;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}

function commandPaths(): readonly string[] {
  return [...GROUPS, ...commandEntries().map(([name]) => name)];
}

/** What may follow a command: choices, or {@link INGESTIONS}, and what begins with a hyphen. */
interface Followers {
  readonly choices: readonly string[];
  readonly flags: readonly string[];
}

/** What may come next, by the command that was written so far; the empty one is none. */
function wordsByCommand(): readonly (readonly [string, Followers])[] {
  const groups = GROUPS.map((group) => [group, { choices: wordsOf(subcommandsOf(group)), flags: [HELP] }] as const);
  const commands = commandEntries().map(([name, spec]) => [name, followersOf(spec)] as const);
  return [['', { choices: wordsOf(firstWords()), flags: [HELP, '--version'] }], ...groups, ...commands];
}

function wordsOf(words: readonly WordSpec[]): readonly string[] {
  return words.map(({ word }) => word);
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

/** Where there are arguments, options are offered when one is begun; else at once. */
function followersOf({ arguments: positionals, options }: CommandSpec): Followers {
  const flags = [...options.map(flagOf), HELP];
  if (positionals.some(({ name }) => name === 'ingestion')) return { choices: [INGESTIONS], flags };
  return { choices: positionals.length === 0 ? flags : positionals.flatMap(({ choices = [] }) => choices), flags };
}

function flagOf({ flags }: OptionSpec): string {
  return flags.split(' ')[0] ?? '';
}

/** `<command> <option>` and what the option takes: its choices, or nothing that is known. */
function valueCases(): readonly (readonly [string, readonly string[]])[] {
  return commandEntries().flatMap(([name, { options }]) =>
    options
      .filter(({ flags }) => flags.includes('<'))
      .map((option) => [`${name} ${flagOf(option)}`, option.choices ?? []] as const),
  );
}

function summaryOf(name: string): string {
  return commandEntries().find(([candidate]) => candidate === name)?.[1].summary ?? '';
}
