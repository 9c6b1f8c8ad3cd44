const wholeNumbers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A count with its thousands apart: `12,000`. */
export function formatCount(count: number): string {
  return wholeNumbers.format(count);
}

/** A count of things: `1 chunk`, `12,000 chunks`. */
export function formatCounted(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? '' : 's'}`;
}
