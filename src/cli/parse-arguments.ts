import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { ServiceError } from '../errors.ts';

type ParsedValues<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; args: string[]; allowPositionals: true; strict: true }>
>['values'];

/** What a command line says. */
export interface ParsedArguments<Options extends ParseArgsOptionsConfig> {
  readonly values: ParsedValues<Options>;
  /** One for each name that was asked for. */
  readonly positionals: readonly string[];
}

/**
 * Reads the arguments of a command.
 * @param shape the options as `node:util` has them, and the names of the positionals, all of which must be there.
 * @throws COMMAND_INVALID for what is unknown, missing or too much.
 */
export function parseArguments<Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  shape: { readonly options: Options; readonly positionals: readonly string[] },
): ParsedArguments<Options> {
  const { values, positionals } = parseStrictly({
    args: [...args],
    options: shape.options,
    allowPositionals: true,
    strict: true,
  } as const);
  const missing = shape.positionals[positionals.length];
  if (missing !== undefined) throw commandInvalid(`${missing} is missing`);
  const surplus = positionals[shape.positionals.length];
  if (surplus !== undefined) throw commandInvalid(`${surplus} is too much`);
  return { values, positionals };
}

/** The value of an option that must be a whole number, undefined where it was not given. Throws COMMAND_INVALID. */
export function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw commandInvalid(`${flag} must be a whole number`);
  return value;
}

/** The value of an option that must be a JSON object. Throws COMMAND_INVALID. */
export function jsonObject(flag: string, text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw commandInvalid(`${flag} must be a JSON object`, cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw commandInvalid(`${flag} must be a JSON object`);
}

/** An error for a command line that cannot be meant. */
export function commandInvalid(problem: string, cause?: unknown): ServiceError {
  return new ServiceError('COMMAND_INVALID', { detail: `${problem}.`, ...(cause === undefined ? {} : { cause }) });
}

function parseStrictly<Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    // All that parseArgs throws for a command line is a TypeError whose first sentence is the problem.
    if (!(error instanceof TypeError)) throw error;
    throw commandInvalid((error.message.split('. ')[0] ?? error.message).replace(/\.$/, ''), error);
  }
}
