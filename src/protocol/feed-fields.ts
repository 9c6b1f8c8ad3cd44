/** The fields that say what a feed is and how it is read, wherever a request has them: to deliver it, or to look at it. */
import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { fieldErrorsOf, type SchemaIssue } from '../model/field-errors.ts';
import type { Formats } from '../model/format.ts';
import type { FileType } from '../model/ingestion.ts';
import { fileTypeNamed, fileTypeOfPath, type NamedFileType } from './file-types.ts';
import { formatSchema } from './format-options.ts';
import { normalizeFilePath } from './identity.ts';
import { ingestRequestSchema } from './ingest-request-schema.ts';
import { recordPathSchema } from './record-path.ts';

/** What a request says of its feed, checked and normalised. Null: left out. */
export interface FeedFields {
  /** Absolute, free of `.` and `..`. */
  readonly filePath: string;
  readonly fileType: FileType;
  readonly recordPath: string | null;
  /** The options of {@link FeedFields.fileType}, complete. */
  readonly format: Formats[FileType] | null;
  /** What they are where neither the request nor what is on record has any. */
  readonly defaultFormat: Formats[FileType];
}

const fieldsThatTellTheType = ingestRequestSchema.pick({ file_path: true, file_type: true }).strip();

/**
 * Takes a body apart: what its schema makes of it, and what it says of its feed.
 * @param body what JSON.parse gave
 * @throws REQUEST_INVALID naming every field that cannot be accepted
 */
export function parseFeedRequest<Body>(
  schema: z.ZodType<Body>,
  body: unknown,
): { readonly feed: FeedFields; readonly request: Body } {
  const parsed = schema.safeParse(body, { error: () => 'must be a JSON object' });
  const path = fieldsThatTellTheType.safeParse(body).data;
  const named = path === undefined ? undefined : namedFileTypeOf(path);
  const typed = named === undefined ? undefined : fieldsOfType(named).safeParse(body);
  if (!parsed.success || path === undefined || named === undefined || !typed?.success) {
    const ofType = named === undefined ? [] : (typed?.error?.issues ?? []).flatMap((issue) => ofOption(issue, named));
    const issues = [...(parsed.error?.issues ?? []), ...ofType];
    throw new ServiceError('REQUEST_INVALID', { fields: fieldErrorsOf(issues, 'is not a field of this request') });
  }
  return {
    feed: {
      filePath: normalizeFilePath(path.file_path),
      fileType: named.fileType,
      recordPath: typed.data.record_path ?? null,
      format: typed.data.format ?? null,
      defaultFormat: named.defaultFormat,
    },
    request: parsed.data,
  };
}

/** A name that the options of the type do not have is one of another type: it is the type that was not told. */
function ofOption(issue: SchemaIssue, { fileType }: NamedFileType): readonly SchemaIssue[] {
  const message = `is no option of ${fileType} files; file_type says what the file is`;
  return issue.keys?.map((key) => ({ path: [...issue.path, key], message })) ?? [issue];
}

/** The type as asked for, else by the file's name, else JSON. */
function namedFileTypeOf(path: z.infer<typeof fieldsThatTellTheType>): NamedFileType | undefined {
  return path.file_type == null ? fileTypeOfPath(normalizeFilePath(path.file_path)) : fileTypeNamed(path.file_type);
}

/** The fields that mean something else with each type. */
function fieldsOfType({ fileType, defaultFormat }: NamedFileType) {
  return z.object({
    format: formatSchema(fileType, defaultFormat).nullish(),
    record_path: recordPathSchema(fileType).nullish(),
  });
}
