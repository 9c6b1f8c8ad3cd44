import { expandsTooMuch, MAX_EXPANSION_RATIO } from '../archive/expansion-ratio.ts';
import { ServiceError } from '../errors.ts';

/** 1 TiB: beyond what one ingestion delivers in days, within what the ratio would allow to a file of 5 GB. */
export const MAX_EXPANDED_BYTES = 2 ** 40;

/** How far the expanding of a file has come. */
export interface Expansion {
  readonly compressedBytes: number;
  readonly expandedBytes: number;
}

/** Throws SOURCE_EXPANDS where a file has expanded to more than any feed of its size would. */
export function checkExpansion(file: string, { compressedBytes, expandedBytes }: Expansion): void {
  if (expandedBytes > MAX_EXPANDED_BYTES) {
    const detail = `The file expands to more than ${MAX_EXPANDED_BYTES} bytes.`;
    throw new ServiceError('SOURCE_EXPANDS', { detail, place: { file } });
  }
  if (expandsTooMuch(compressedBytes, expandedBytes)) {
    const detail = `The file expands to more than ${MAX_EXPANSION_RATIO} times its size.`;
    throw new ServiceError('SOURCE_EXPANDS', { detail, place: { file } });
  }
}
