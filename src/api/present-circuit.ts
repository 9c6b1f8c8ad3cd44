import { z } from '@hono/zod-openapi';
import type { Circuit } from '../model/circuit.ts';
import { isoTime, isoTimeOrNull } from './present-time.ts';
import { count, time } from './schema-parts.ts';

/** A circuit that is not closed. */
export const circuitSchema = z
  .object({
    origin: z.string().openapi({ example: 'https://receiver.example' }),
    state: z.enum(['open', 'half-open']).openapi({
      description: 'open: nothing is sent there before the next probe. half-open: a probe is under way.',
    }),
    since: time('When it opened.'),
    next_probe_at: time('From when on one attempt is let through; null: it is under way.').nullable(),
    consecutive_failures: count('Failed attempts in a row at this origin.', 5),
    last_failure: z
      .string()
      .nullable()
      .openapi({ description: 'Why the last attempt at it failed; null: not known.', example: 'HTTP 503' }),
  })
  .openapi('Circuit');

/** The circuits that are not closed, by origin. */
export const circuitListSchema = z.object({ items: z.array(circuitSchema) }).openapi('CircuitList');

/** A circuit, as the API shows it. */
export function presentCircuit(circuit: Circuit): z.infer<typeof circuitSchema> {
  return {
    origin: circuit.origin,
    state: circuit.state,
    since: isoTime(circuit.since),
    next_probe_at: isoTimeOrNull(circuit.nextProbeAt),
    consecutive_failures: circuit.consecutiveFailures,
    last_failure: circuit.lastFailure,
  };
}
