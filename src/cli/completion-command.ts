import { EXIT_DONE, type RunCommand } from './command.ts';
import { bashCompletion, fishCompletion, zshCompletion } from './completion-scripts.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** `ackstream completion`. */
export const runCompletion: RunCommand<'completion'> = async ({ shell }, context) => {
  context.write(SCRIPTS[shell]());
  return EXIT_DONE;
};
