import { ServiceError } from '../errors.ts';
import { EXIT_DONE, type RunCommand } from './command.ts';
import { hasEnded } from './follow-ingestion.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { jsonLine } from './json-line.ts';
import { openService } from './open-service.ts';
import { renderIngestion } from './render-ingestion.ts';
import { waitForEnd } from './wait-for-end.ts';

/** `ackstream status`. */
export const runStatus: RunCommand<'status'> = async ({ ingestion, watch, json, url }, context) => {
  const service = await openService(context, { url, delivers: false });
  try {
    const ingestionId = await ingestionIdOf(service.client, ingestion);
    const view = await service.client.getIngestion(ingestionId);
    if (watch === true && service.isOwn && !hasEnded(view)) {
      const detail = `${view.status}, and no service runs that would deliver it: there is nothing to watch.`;
      throw new ServiceError('SERVICE_UNREACHABLE', { detail });
    }
    if (watch === true) return await waitForEnd(service, { ingestionId, isJson: json === true }, context);
    if (json === true) context.write(jsonLine(view));
    else {
      const failed = await service.client.getLastFailedAttempt(ingestionId);
      context.write(renderIngestion(view, { hasColour: context.hasColour, failed }));
    }
    return EXIT_DONE;
  } finally {
    await service.close();
  }
};
