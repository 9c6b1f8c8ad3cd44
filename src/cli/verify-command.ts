import { ServiceError } from '../errors.ts';
import { type CommandContext, EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, type RunCommand } from './command.ts';
import { formatCount } from './format-count.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { jsonLine } from './json-line.ts';
import { openService } from './open-service.ts';
import { progressLineFor } from './progress-line.ts';
import type { ServiceClient, VerificationView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';

/** Often enough that a count moves. */
const POLL_INTERVAL_MS = 250;

/** `ackstream verify`. */
export const runVerify: RunCommand<'verify'> = async ({ ingestion, json, url }, context) => {
  const service = await openService(context, { url, delivers: false });
  try {
    const ingestionId = await ingestionIdOf(service.client, ingestion);
    const isOfAnother = (await service.client.getVerification(ingestionId))?.state === 'running';
    const verification = await untilCompared(service.client, ingestionId, context);
    context.write(json === true ? jsonLine(verification) : verificationText(verification));
    if (verification.state === 'running') {
      if (isOfAnother) context.writeError('It was begun by another, and the service goes on with it.\n');
      else await service.client.giveUpVerification(ingestionId);
      return EXIT_INTERRUPTED;
    }
    return verification.state === 'done' && verification.mismatch === null ? EXIT_DONE : EXIT_FAILED;
  } finally {
    await service.close();
  }
};

/** Begins the comparison and looks until it is over, or the command is interrupted: what was seen last. */
async function untilCompared(
  client: ServiceClient,
  ingestionId: string,
  context: CommandContext,
): Promise<VerificationView> {
  const { clock, signal } = context;
  const line = progressLineFor(context);
  let verification = await client.verify(ingestionId);
  try {
    while (verification.state === 'running' && !signal.aborted) {
      line?.show(comparedText(verification));
      await clock.sleep(POLL_INTERVAL_MS, signal);
      const seen = await client.getVerification(ingestionId);
      if (seen === null)
        throw new ServiceError('VERIFICATION_NOT_FOUND', { detail: 'Another had it given up meanwhile.' });
      verification = seen;
    }
    return verification;
  } finally {
    line?.erase();
  }
}

function verificationText(verification: VerificationView): string {
  const { state, mismatch, error } = verification;
  const compared = comparedText(verification);
  if (state === 'running') return `Interrupted: ${compared} so far. The same command compares it all.\n`;
  if (error !== null) {
    return `Could not be compared: ${compared}.\n${error.code}: ${terminalText(error.message)}\n${error.what_to_do}\n`;
  }
  if (mismatch === null) return `The file is what was delivered: ${compared}.\n`;
  const { chunk_number: number, record_offset: offset, record_count: count, message } = mismatch;
  const records = `records ${formatCount(offset + 1)} to ${formatCount(offset + count)}`;
  return `Chunk ${number} (${records}) is not what was delivered: ${terminalText(message)}\nBefore it: ${compared}.\n`;
}

function comparedText({ chunks, chunks_verified: compared, records_verified: records }: VerificationView): string {
  return `${formatCount(compared)} of ${formatCount(chunks)} chunks, ${formatCount(records)} records compared`;
}
