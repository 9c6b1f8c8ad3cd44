import { parse } from 'node:path';
import { presentPreview, renderPreview } from '../api/present-preview.ts';
import { loadConfig } from '../config.ts';
import { type PreviewCaller, PreviewService } from '../ingestion/preview-service.ts';
import { parsePreviewRequest } from '../protocol/preview-request.ts';
import { openSourceSet } from '../sources/source-set.ts';
import { type Command, type CommandContext, EXIT_DONE, EXIT_INTERRUPTED } from './command.ts';
import { FEED_OPTIONS, FEED_USAGE, feedFieldsOf } from './feed-arguments.ts';
import { parseArguments, wholeNumber } from './parse-arguments.ts';
import { renderPreviewText } from './render-preview.ts';

const usage = `usage: ackstream preview <file> [options]

Looks at a file, or the files of a folder or pattern, as it would be delivered, and delivers nothing: where its records are, the first of them,
their fields, and what is bad. Reads in this process, needs no service, and may read what its user may.

${FEED_USAGE}
  --records <n>           how many records to show, 3 if left out
  --full                  read to the end: count records, bytes, chunks and bad records
  --chunk-records <n>     with --full, most records of a chunk
  --chunk-bytes <n>       with --full, most bytes of a chunk's records; with neither bound, 1,000 records and 4 MiB
  --json                  print one JSON document, as POST /api/preview gives it
  --help                  print this

Exit codes: 0 done, 1 the file cannot be read as its type, 2 wrong use or settings, 130 interrupted.
`;

const options = {
  ...FEED_OPTIONS,
  records: { type: 'string' },
  full: { type: 'boolean' },
  'chunk-records': { type: 'string' },
  'chunk-bytes': { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** Few enough for a screen. */
const SHOWN_RECORDS = 3;

/** `ackstream preview`. */
export const previewCommand: Command = {
  usage,
  async run(args, context) {
    const { values, positionals } = parseArguments(args, { options, positionals: ['<file>'] });
    const request = parsePreviewRequest({
      ...feedFieldsOf(context.cwd, positionals[0] ?? '', values),
      records: wholeNumber('--records', values.records) ?? SHOWN_RECORDS,
      full: values.full,
      chunk_size_by_records: wholeNumber('--chunk-records', values['chunk-records']),
      chunk_size_by_memory: wholeNumber('--chunk-bytes', values['chunk-bytes']),
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
      context.write(values.json === true ? `${renderPreview(view, records)}\n` : renderPreviewText(view, records));
      return EXIT_DONE;
    } catch (error) {
      if (context.signal.aborted) return EXIT_INTERRUPTED;
      throw error;
    }
  },
};

/** A person sees how far it is, in a line that is written over and in the end taken away. */
async function withProgressLine<Result>(
  { signal, isErrorTerminal, writeError }: CommandContext,
  work: (caller: PreviewCaller) => Promise<Result>,
): Promise<Result> {
  if (!isErrorTerminal) return work({ signal });
  const onProgress: PreviewCaller['onProgress'] = ({ recordCount, sourceBytes }, { fingerprint }) => {
    const percent = fingerprint.size === 0 ? 0 : Math.floor((sourceBytes / fingerprint.size) * 100);
    writeError(`\r${percent} %  ${recordCount.toLocaleString('en')} records\x1b[K`);
  };
  try {
    return await work({ signal, onProgress });
  } finally {
    writeError('\r\x1b[K');
  }
}
