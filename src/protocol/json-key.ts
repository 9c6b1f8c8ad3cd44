const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The key that a JSON string of sound grammar and UTF-8, its quotes included, stands for; undefined where it holds half of a
 * surrogate pair.
 */
export function decodeKey(text: Uint8Array): string | undefined {
  const key: unknown = JSON.parse(decoder.decode(text));
  return typeof key === 'string' && key.isWellFormed() ? key : undefined;
}
