/**
 * The column names that a header row gives, one per cell: white space around a name is removed, an empty or missing one in the n-th place, from 1, becomes
 * `column_n`, and one that stood before gets `_2`, `_3`…. No made name is one that stands in the header itself or was made before.
 */
export function nameColumns(cells: readonly (string | null)[]): readonly string[] {
  const given = cells.map((cell) => cell?.trim() ?? '');
  const taken = new Set(given);
  const seen = new Set<string>();
  // The last suffix of each name, so that a header which repeats one name thousands of times is not counted through for each.
  const suffixes = new Map<string, number>();
  return given.map((text, index) => {
    const name = text === '' ? `column_${index + 1}` : text;
    const isFree = text === '' ? !taken.has(name) : !seen.has(name);
    const unique = isFree ? name : withFreeSuffix(name, taken, suffixes);
    taken.add(unique);
    seen.add(unique);
    return unique;
  });
}

function withFreeSuffix(name: string, taken: ReadonlySet<string>, suffixes: Map<string, number>): string {
  let suffix = (suffixes.get(name) ?? 1) + 1;
  while (taken.has(`${name}_${suffix}`)) suffix += 1;
  suffixes.set(name, suffix);
  return `${name}_${suffix}`;
}
