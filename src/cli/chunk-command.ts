import { EXIT_DONE, EXIT_INTERRUPTED, type RunCommand } from './command.ts';
import { numberIfWhole } from './feed-arguments.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { openService } from './open-service.ts';
import { commandInvalid } from './option-values.ts';
import { terminalText } from './terminal-text.ts';

/** `ackstream chunk`. */
export const runChunk: RunCommand<'chunk'> = async ({ ingestion, number, url }, context) => {
  const { signal } = context;
  const chunkNumber = numberIfWhole(number);
  if (typeof chunkNumber !== 'number') throw commandInvalid('A chunk is named by its number, the first of them by 0');
  const service = await openService(context, { url, delivers: false });
  try {
    const ingestionId = await ingestionIdOf(service.client, ingestion);
    const body = await service.client.getChunkBody(ingestionId, { chunkNumber, signal });
    // What programs take is byte for byte what is sent; a terminal obeys some of what records may hold.
    if (context.terminalColumns() === null) context.standardOutput.write(body);
    else context.write(`${terminalText(new TextDecoder().decode(body))}\n`);
    return EXIT_DONE;
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    throw error;
  } finally {
    await service.close();
  }
};
