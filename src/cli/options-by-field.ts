import { Option } from 'commander';
import type { OptionSpec } from './command-spec.ts';
import { COMMANDS } from './command-table.ts';
import type { ParsedCommandLine } from './parse-command-line.ts';

/** By the fields of a request that a command line itself has filled, the options that did. */
export function optionsByField({ name, values }: ParsedCommandLine): ReadonlyMap<string, string> {
  const options: readonly OptionSpec[] = COMMANDS[name].options;
  return new Map(
    options.flatMap(({ flags, field }): [string, string][] => {
      const option = new Option(flags);
      return field === undefined || values[option.attributeName()] === undefined ? [] : [[field, `--${option.name()}`]];
    }),
  );
}
