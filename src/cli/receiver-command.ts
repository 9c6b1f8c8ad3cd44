import { parseCommandLine } from '../../mock-receiver/command-line.ts';
import { runReceiver as runReferenceReceiver } from '../../mock-receiver/run-command.ts';
import { EXIT_DONE, type RunCommand } from './command.ts';
import { terminalText } from './terminal-text.ts';

/** `ackstream receiver`: the reference receiver, which reads its options itself. */
export const runReceiver: RunCommand<'receiver'> = async (values, context) => {
  const args = Object.entries(values).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [value].flat().map((text) => `--${name}=${text}`),
  );
  const command = parseCommandLine(args);
  if (command === null) return EXIT_DONE;
  // A line at a time, of what others send.
  const write = (line: string) => context.write(`${terminalText(line.trimEnd())}\n`);
  return runReferenceReceiver(command, { ...context, write });
};
