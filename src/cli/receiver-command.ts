import { runReceiverCommand } from '../../mock-receiver/run-command.ts';
import type { RunCommand } from './command.ts';

/** `ackstream receiver`: the reference receiver, which reads its options itself. */
export const runReceiver: RunCommand<'receiver'> = (values, context) => {
  const args = Object.entries(values).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [value].flat().map((text) => `--${name}=${text}`),
  );
  return runReceiverCommand(args, context);
};
