import type { RunCommand } from './command.ts';
import type { CommandValues } from './command-table.ts';
import { feedFieldsOf, numberIfWhole } from './feed-arguments.ts';
import { openService } from './open-service.ts';
import { commandInvalid } from './option-values.ts';
import { type RequestMembers, requestMembersOf } from './request-members.ts';
import { endUnsubmitted, submit } from './submit.ts';

/** `ackstream ingest`. */
export const runIngest: RunCommand<'ingest'> = async (values, context) => {
  const request = await requestMembersOf(values.request, context);
  if (request === null) return endUnsubmitted(context);
  const body = { ...request, ...saidBy(values, { cwd: context.cwd, request }) };
  if (body.callback_url == null)
    throw commandInvalid('Where to post to is missing: --callback, or callback_url in --request');
  const service = await openService(context, { url: values.url, delivers: true, creates: true });
  try {
    return await submit(service, body, { isJson: values.json === true, waits: values.wait !== false, context });
  } finally {
    await service.close();
  }
};

/** The members of the request that the command line itself names, in the place of those that it has. */
function saidBy(
  values: CommandValues<'ingest'>,
  { cwd, request }: { readonly cwd: string; readonly request: RequestMembers },
): RequestMembers {
  const members = {
    ...feedFieldsOf(cwd, values, request.format),
    callback_url: values.callback,
    on_bad_record: values.onBadRecord,
    max_bad_records: numberIfWhole(values.maxBadRecords),
    chunk_size_by_records: values.chunkRecords,
    chunk_size_by_memory: values.chunkBytes,
    re_ingestion: values.reIngest,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
