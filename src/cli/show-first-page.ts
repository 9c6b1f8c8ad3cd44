import type { CommandContext } from './command.ts';
import type { Page } from './print-all-pages.ts';

/**
 * Shows a person the first page of a list; on standard error that there is nothing on it, or more behind it.
 * @param how `render` gives the table; `more` says what is left out, and how to see it
 */
export function showFirstPage<Item>(
  { items, next_cursor: nextCursor }: Page<Item>,
  { render, more }: { readonly render: (items: readonly Item[]) => string; readonly more: string },
  { write, writeError }: CommandContext,
): void {
  write(render(items));
  if (items.length === 0) writeError('There are none.\n');
  if (nextCursor !== null) writeError(`${more}\n`);
}
