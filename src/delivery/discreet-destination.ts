import { hideSecrets, type Secret } from '../model/hide-secrets.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Destination } from './destination.ts';
import { keptAnswer } from './received-answer.ts';

/** A destination whose outcomes tell none of the secrets, whatever the receiver quotes of them, and no more of an answer than is kept. */
export function withHiddenSecrets(destination: Destination, secrets: readonly Secret[]): Destination {
  const discreet = async (outcome: Promise<Outcome>): Promise<Outcome> => {
    const told = await outcome;
    if (told.kind === 'acknowledged') return told;
    const { reason, answer } = told;
    const answered = answer === undefined ? {} : { answer: keptAnswer(answer, secrets) };
    return { ...told, ...answered, reason: hideSecrets(reason, secrets) };
  };
  return {
    attempt: (chunk, context) => discreet(destination.attempt(chunk, context)),
    complete: (completion, context) => discreet(destination.complete(completion, context)),
    close: () => destination.close(),
  };
}
