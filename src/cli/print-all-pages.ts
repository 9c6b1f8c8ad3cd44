import { setImmediate as nextTurn } from 'node:timers/promises';
import { type CommandContext, EXIT_DONE, EXIT_INTERRUPTED } from './command.ts';

/** A page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Null: it is the last. */
  readonly next_cursor: string | null;
}

/**
 * Prints all of a list for programs. The exit code tells the whole from a part, which it is where the command is interrupted or nobody reads on.
 * @param askFor gives the page at a cursor; null: the first
 * @param lineOf with its line break
 */
export async function printAllPages<Item>(
  askFor: (cursor: string | null) => Promise<Page<Item>>,
  lineOf: (item: Item) => string,
  { write, signal }: CommandContext,
): Promise<number> {
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await askFor(cursor);
    // A service of this process answers before the event loop turns, and only then signals and closed pipes are seen.
    await nextTurn();
    if (signal.aborted) return EXIT_INTERRUPTED;
    write(page.items.map(lineOf).join(''));
    cursor = page.next_cursor;
  } while (cursor !== null);
  return EXIT_DONE;
}
