/** More changes than these, or than a third of the name, make another name of it. */
const MAX_CHANGES = 4;
const MAX_SHARE_OF_CHANGES = 1 / 3;

/** The name that was probably meant by one that is none: the one that fewest changes of characters lead to; undefined where none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const mostChanges = Math.min(MAX_CHANGES, Math.floor(name.length * MAX_SHARE_OF_CHANGES));
  let nearest: string | undefined;
  let fewest = mostChanges + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= fewest) continue;
    const changes = changesBetween(name, candidate);
    if (changes < fewest) [nearest, fewest] = [candidate, changes];
  }
  return nearest;
}

/** How many characters must be added, left out or replaced (Levenshtein), row by row. */
function changesBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_unused, index) => index);
  for (const [index, character] of Array.from(from).entries()) {
    const next = [index + 1];
    for (const [at, other] of Array.from(to).entries()) {
      const replaced = (row[at] ?? 0) + (character === other ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
