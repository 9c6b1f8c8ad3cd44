/**
 * What compressed bytes may expand to. Feeds shrink to a tenth, the same row again and again to a hundredth; deflate reaches 1:1032, zstd and bzip2 any
 * ratio, with nothing but repetition, and more is made to fill memories.
 */
export const MAX_EXPANSION_RATIO = 200;
/** What expands to less does no harm. */
const UNBOUNDED_BYTES = 16 * 1024 * 1024;

/** Whether bytes have expanded to more than any feed of their size would. */
export function expandsTooMuch(compressedBytes: number, expandedBytes: number): boolean {
  return expandedBytes > UNBOUNDED_BYTES && expandedBytes > MAX_EXPANSION_RATIO * compressedBytes;
}
