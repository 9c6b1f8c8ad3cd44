/** The text that bytes are in UTF-8, null where they are none. What was cut off may end in the middle of a character, which is left out. */
export function rawTextOf(raw: Uint8Array, isTruncated: boolean): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw, { stream: isTruncated });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
