import { resolve } from 'node:path';
import { sha256Hex } from './checksum.ts';

/** The version of the ingestion that requests without `re_ingestion` meet. */
export const RESUME_VERSION = 'resume';

/** A file's path as identity has it: absolute and free of `.` and `..`, links not followed. */
export function normalizeFilePath(filePath: string): string {
  return resolve(filePath);
}

/** The id of a file: the same for every spelling of its path and type. `fileType` is lower case, its alias resolved. */
export function fileIdOf(filePath: string, fileType: string): string {
  return sha256Hex(`${filePath}|${fileType}`);
}

/** The id of an ingestion; `version` is {@link RESUME_VERSION} or the epoch milliseconds of a re-ingestion in decimal. */
export function ingestionIdOf(fileId: string, version: string): string {
  return sha256Hex(`${fileId}|${version}`);
}

/** The id of a chunk, its receiver's key for recognising it. */
export function chunkIdOf(ingestionId: string, chunkNumber: number): string {
  return `${ingestionId}:${chunkNumber}`;
}

/** The Idempotency-Key's value, without quotes, of COMPLETED. */
export function completionIdOf(ingestionId: string): string {
  return `${ingestionId}:completed`;
}

/** The Idempotency-Key's value, without quotes, of a status event. */
export function statusEventIdOf(ingestionId: string, status: string, epoch: number): string {
  return `${ingestionId}:${status}:${epoch}`;
}
