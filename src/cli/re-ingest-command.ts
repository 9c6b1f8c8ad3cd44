import { fileTypeNamed } from '../protocol/file-types.ts';
import type { RunCommand } from './command.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { openService } from './open-service.ts';
import { commandInvalid } from './option-values.ts';
import { type RequestMembers, requestMembersOf } from './request-members.ts';
import type { IngestionView } from './service-client.ts';
import { endUnsubmitted, submit } from './submit.ts';

/** `ackstream re-ingest`. */
export const runReIngest: RunCommand<'re-ingest'> = async (values, context) => {
  const members = await requestMembersOf(values.request, context);
  if (members === null) return endUnsubmitted(context);
  checkIsSameFileAnew(members);
  const service = await openService(context, { url: values.url, delivers: true });
  try {
    const view = await service.client.getIngestion(await ingestionIdOf(service.client, values.ingestion));
    const body = { ...settingsOf(view, members), ...members, file_path: view.file_path, re_ingestion: true };
    return await submit(service, body, { isJson: values.json === true, waits: values.wait !== false, context });
  } finally {
    await service.close();
  }
};

/** Throws COMMAND_INVALID for members that ask for something else than this command does. */
function checkIsSameFileAnew({ file_path: filePath, re_ingestion: reIngestion }: RequestMembers): void {
  if (filePath != null) {
    throw commandInvalid(
      '--request has a file_path, and the file is that of the ingestion; `ackstream ingest` takes another',
    );
  }
  if (reIngestion != null && reIngestion !== true) {
    throw commandInvalid('--request has a re_ingestion that is not true, and this command is for nothing else');
  }
}

/** The settings of an ingestion, as far as they are shown; what is not must be among the members that are asked for now. */
function settingsOf(view: IngestionView, asked: RequestMembers): RequestMembers {
  if (view.callback_header_names.length > 0 && asked.callback_headers == null) {
    const names = view.callback_header_names.join(', ');
    throw commandInvalid(
      `Its callback is sent headers (${names}) that are shown to nobody; give callback_headers anew, in --request ({} for none)`,
    );
  }
  return {
    ...(isOfAnotherType(view, asked) ? {} : readingOf(view)),
    number_form: view.number_form,
    on_bad_record: view.on_bad_record,
    max_bad_records: view.max_bad_records,
    callback_url: view.callback_url,
    status_url: view.status_url,
    chunk_size_by_records: view.chunk_size_by_records,
    chunk_size_by_memory: view.chunk_size_by_memory,
    retry: view.retry,
  };
}

/** How the file was read, which says nothing of another type. */
function readingOf({ file_type, format, record_path: recordPath }: IngestionView): RequestMembers {
  // A found path is found again, and that of an array at the top has no name.
  return { file_type, format, record_path: recordPath === '' ? null : recordPath };
}

function isOfAnotherType(view: IngestionView, { file_type: asked }: RequestMembers): boolean {
  return typeof asked === 'string' && fileTypeNamed(asked)?.fileType !== view.file_type;
}
