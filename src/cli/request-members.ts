import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandContext } from './command.ts';
import { commandInvalid, jsonObject } from './option-values.ts';

/** In the place of a file: standard input. */
const STANDARD_INPUT = '-';

/** What some editors begin a file with. JSON has no place for it, and a reader may ignore it (RFC 8259 section 8.1). */
const BYTE_ORDER_MARK = /^\ufeff/;

/** Members of a request, by their wire names. */
export type RequestMembers = Readonly<Record<string, unknown>>;

/**
 * The members of a request that `--request` has: its only way for secrets, which nobody shall find in a list of processes or in the history of a shell.
 * None where the option is left out; null: the command is interrupted while it waits for them. Throws COMMAND_INVALID.
 */
export async function requestMembersOf(
  file: string | undefined,
  { cwd, readStandardInput, signal }: CommandContext,
): Promise<RequestMembers | null> {
  if (file === undefined) return {};
  let text: string;
  try {
    text =
      file === STANDARD_INPUT
        ? await readStandardInput()
        : await readFile(resolve(cwd, file), { encoding: 'utf8', signal });
  } catch (cause) {
    if (signal.aborted) return null;
    throw commandInvalid(`--request cannot be read: ${(cause as Error).message}`, cause);
  }
  // Ctrl-C also ends what writes into a pipe. The end may be seen first, and the signal when the event loop has turned.
  await nextTurn();
  if (signal.aborted) return null;
  return { ...jsonObject(`--request ${file}`, text.replace(BYTE_ORDER_MARK, '')) };
}
