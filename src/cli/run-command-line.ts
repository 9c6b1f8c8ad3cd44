import { ERRORS, toServiceError } from '../errors.ts';
import { type CommandContext, EXIT_DONE, type RunCommand } from './command.ts';
import { COMMAND_LOADERS } from './command-loaders.ts';
import type { CommandName } from './command-table.ts';
import { errorText } from './error-text.ts';
import { optionsByField } from './options-by-field.ts';
import { type ParsedCommandLine, parseCommandLine } from './parse-command-line.ts';

/** Runs a command line without the name of the program; gives back the exit code. */
export async function runCommandLine(args: readonly string[], context: CommandContext): Promise<number> {
  let line: ParsedCommandLine | null = null;
  try {
    line = parseCommandLine(args, context);
    if (line === null) return EXIT_DONE;
    // The parser builds the values by the same table that their types are made from.
    const run = (await COMMAND_LOADERS[line.name]()) as RunCommand<CommandName>;
    return await run(line.values as Parameters<typeof run>[0], context);
  } catch (error) {
    const failure = toServiceError(error);
    context.writeError(errorText(failure, line === null ? undefined : optionsByField(line)));
    return ERRORS[failure.code].exitCode;
  }
}
