import type { RunCommand } from './command.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { openService } from './open-service.ts';
import { commandInvalid } from './option-values.ts';
import { requestMembersOf } from './request-members.ts';
import type { IngestionView } from './service-client.ts';
import { submit } from './submit.ts';

/** `ackstream re-ingest`. */
export const runReIngest: RunCommand<'re-ingest'> = async (values, context) => {
  const members = await requestMembersOf(values.request, context);
  const service = await openService(context, { url: values.url, delivers: true });
  try {
    const view = await service.client.getIngestion(await ingestionIdOf(service.client, values.ingestion));
    const body = { ...settingsOf(view, members), ...members, file_path: view.file_path, re_ingestion: true };
    return await submit(service, body, { isJson: values.json === true, waits: values.wait !== false, context });
  } finally {
    await service.close();
  }
};

/** The settings of an ingestion, as far as they are shown; what is not must be among the members that are asked for now. */
function settingsOf(view: IngestionView, asked: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (view.callback_header_names.length > 0 && asked.callback_headers === undefined) {
    const names = view.callback_header_names.join(', ');
    throw commandInvalid(
      `Its callback is sent headers (${names}) that are shown to nobody; give callback_headers anew, in --request`,
    );
  }
  return {
    file_type: view.file_type,
    format: view.format,
    // A found path is found again, and that of an array at the top has no name.
    record_path: view.record_path === '' ? null : view.record_path,
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
