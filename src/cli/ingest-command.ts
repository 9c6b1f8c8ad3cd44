import type { RunCommand } from './command.ts';
import type { CommandValues } from './command-table.ts';
import { feedFieldsOf, numberIfWhole } from './feed-arguments.ts';
import { openService } from './open-service.ts';
import { submit } from './submit.ts';

/** `ackstream ingest`. */
export const runIngest: RunCommand<'ingest'> = async (values, context) => {
  const body = bodyOf(values, context.cwd);
  const service = await openService(context, { url: values.url, delivers: true, creates: true });
  try {
    return await submit(service, body, { isJson: values.json === true, waits: values.wait !== false, context });
  } finally {
    await service.close();
  }
};

function bodyOf(values: CommandValues<'ingest'>, cwd: string): Readonly<Record<string, unknown>> {
  return {
    ...feedFieldsOf(cwd, values),
    callback_url: values.callback,
    on_bad_record: values.onBadRecord,
    max_bad_records: numberIfWhole(values.maxBadRecords),
    chunk_size_by_records: values.chunkRecords,
    chunk_size_by_memory: values.chunkBytes,
    re_ingestion: values.reIngest,
  };
}
