import { hideSecrets } from '../model/hide-secrets.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Destination } from './destination.ts';

/** A destination whose outcomes tell none of the secrets, whatever the receiver quotes of them. */
export function withHiddenSecrets(destination: Destination, secrets: readonly string[]): Destination {
  const discreet = async (outcome: Promise<Outcome>): Promise<Outcome> => {
    const told = await outcome;
    return 'reason' in told ? { ...told, reason: hideSecrets(told.reason, secrets) } : told;
  };
  return {
    attempt: (chunk, context) => discreet(destination.attempt(chunk, context)),
    complete: (completion, context) => discreet(destination.complete(completion, context)),
    close: () => destination.close(),
  };
}
