import { commandInvalid } from './option-values.ts';
import type { ServiceClient } from './service-client.ts';

/** The most that the API gives at once. */
const MAX_LOOKED_THROUGH = 500;

/**
 * The id that a person means: a whole one, `latest`, or what one of the newest begins with. What is none of these is given back, for the service to judge.
 * Throws COMMAND_INVALID where several begin so or there are none yet, and what {@link ServiceClient.listIngestions} throws.
 */
export async function ingestionIdOf(client: ServiceClient, meant: string): Promise<string> {
  if (meant !== 'latest' && !/^[0-9a-f]{1,63}$/.test(meant)) return meant;
  const { items } = await client.listIngestions({ limit: meant === 'latest' ? 1 : MAX_LOOKED_THROUGH });
  const ids = items.map(({ ingestion_id: id }) => id);
  if (meant === 'latest') {
    if (ids[0] === undefined) throw commandInvalid('There are no ingestions yet; `ackstream ingest` asks for one');
    return ids[0];
  }
  const matching = ids.filter((id) => id.startsWith(meant));
  if (matching.length > 1)
    throw commandInvalid(`${meant} begins ${matching.length} ids; give more of the one you mean`);
  return matching[0] ?? meant;
}
