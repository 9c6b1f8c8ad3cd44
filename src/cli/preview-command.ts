import { parse } from 'node:path';
import { presentPreview, renderPreview } from '../api/present-preview.ts';
import { loadConfig } from '../config.ts';
import { type PreviewCaller, PreviewService } from '../ingestion/preview-service.ts';
import { parsePreviewRequest } from '../protocol/preview-request.ts';
import { openSourceSet } from '../sources/source-set.ts';
import { type CommandContext, EXIT_DONE, EXIT_INTERRUPTED, type RunCommand } from './command.ts';
import { feedFieldsOf } from './feed-arguments.ts';
import { formatCount } from './format-count.ts';
import { progressLineFor } from './progress-line.ts';
import { renderPreviewText } from './render-preview.ts';
import { terminalText } from './terminal-text.ts';

/** Few enough for a screen. */
const SHOWN_RECORDS = 3;

/** `ackstream preview`. */
export const runPreview: RunCommand<'preview'> = async (values, context) => {
  const request = parsePreviewRequest({
    ...feedFieldsOf(context.cwd, values),
    records: values.records ?? SHOWN_RECORDS,
    full: values.full,
    chunk_size_by_records: values.chunkRecords,
    chunk_size_by_memory: values.chunkBytes,
  });
  const previews = new PreviewService({
    // Whoever may type a command may read the file with any other.
    openSources: (filePath, fileType) => openSourceSet(filePath, { roots: [parse(filePath).root], fileType }),
    limits: loadConfig({ env: context.env, cwd: context.cwd }),
  });
  try {
    const previewed = await withProgressLine(context, (caller) => previews.preview(request, caller));
    const view = presentPreview(request, previewed);
    const { records } = previewed.preview;
    context.write(
      values.json === true ? `${terminalText(renderPreview(view, records))}\n` : renderPreviewText(view, records),
    );
    return EXIT_DONE;
  } catch (error) {
    if (context.signal.aborted) return EXIT_INTERRUPTED;
    throw error;
  }
};

/** A person sees how far it is. */
async function withProgressLine<Result>(
  context: CommandContext,
  work: (caller: PreviewCaller) => Promise<Result>,
): Promise<Result> {
  const { signal } = context;
  const line = progressLineFor(context);
  if (line === null) return work({ signal });
  const onProgress: PreviewCaller['onProgress'] = ({ recordCount, sourceBytes }, { fingerprint }) => {
    const percent = fingerprint.size === 0 ? 0 : Math.floor((sourceBytes / fingerprint.size) * 100);
    line.show(`${percent} %  ${formatCount(recordCount)} records`);
  };
  try {
    return await work({ signal, onProgress });
  } finally {
    line.erase();
  }
}
