import { USAGE } from '../../mock-receiver/command-line.ts';
import { runReceiverCommand } from '../../mock-receiver/run-command.ts';
import type { Command } from './command.ts';

/** `ackstream receiver`: the reference receiver, with its own options. */
export const receiverCommand: Command = {
  usage: USAGE,
  run: (args, context) => runReceiverCommand(args, context),
};
