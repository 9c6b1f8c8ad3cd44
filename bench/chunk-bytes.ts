/** The chunk size that the expectations are stated for. */
export const CHUNK_BYTES = 512 * 1024;
