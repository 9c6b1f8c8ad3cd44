import type { RunCommand } from './command.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { openService } from './open-service.ts';
import { commandInvalid } from './option-values.ts';
import type { IngestionView } from './service-client.ts';
import { submit } from './submit.ts';

/** `ackstream re-ingest`. */
export const runReIngest: RunCommand<'re-ingest'> = async (values, context) => {
  const service = await openService(context, { url: values.url, delivers: true });
  try {
    const view = await service.client.getIngestion(await ingestionIdOf(service.client, values.ingestion));
    return await submit(service, bodyOf(view), { isJson: values.json === true, waits: values.wait !== false, context });
  } finally {
    await service.close();
  }
};

/** The request that an ingestion was made by, as far as it is shown. */
function bodyOf(view: IngestionView): Readonly<Record<string, unknown>> {
  if (view.callback_header_names.length > 0) {
    const names = view.callback_header_names.join(', ');
    throw commandInvalid(
      `Its callback is sent headers (${names}) that are shown to nobody; ask anew with POST /api/ingest`,
    );
  }
  return {
    file_path: view.file_path,
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
    re_ingestion: true,
  };
}
