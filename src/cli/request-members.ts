import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CommandContext } from './command.ts';
import { commandInvalid, jsonObject } from './option-values.ts';

/** In the place of a file: standard input. */
const STANDARD_INPUT = '-';

/**
 * The members of a request that `--request` has, by their wire names: its only way for secrets, which nobody shall find in a list of processes or in the history of a shell.
 * None where the option is left out. Throws COMMAND_INVALID.
 */
export async function requestMembersOf(
  file: string | undefined,
  { cwd, readStandardInput }: CommandContext,
): Promise<Readonly<Record<string, unknown>>> {
  if (file === undefined) return {};
  const text = file === STANDARD_INPUT ? await readStandardInput() : await readText(resolve(cwd, file));
  return { ...jsonObject(`--request ${file}`, text) };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw commandInvalid(`--request cannot be read: ${(cause as Error).message}`, cause);
  }
}
