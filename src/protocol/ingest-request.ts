import type { FileType } from '../model/ingestion.ts';
import type { NumberForm } from '../model/record.ts';

/** A request for an ingestion, checked and normalised. Null: left out, so that what is on record stays, else the default. */
export interface IngestRequest {
  /** Absolute, free of `.` and `..`. */
  readonly filePath: string;
  readonly fileType: FileType;
  readonly callbackUrl: string;
  readonly chunkSizeByRecords: number | null;
  readonly chunkSizeByMemory: number | null;
  readonly reIngestion: boolean;
  readonly recordPath: string | null;
  readonly numberForm: NumberForm | null;
  readonly retryWindowMs: number | null;
  readonly maxDelayMs: number | null;
  readonly callbackHeaders: Readonly<Record<string, string>> | null;
  readonly callbackSecret: string | null;
  readonly statusUrl: string | null;
}
