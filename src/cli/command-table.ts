import type { CommandSpec, ValuesOf } from './command-spec.ts';
import { DELIVERY_SPECS } from './delivery-specs.ts';
import { INGESTION_SPECS } from './ingestion-specs.ts';
import { INSTALLATION_SPECS } from './installation-specs.ts';

const { serve, receiver, ...tending } = INSTALLATION_SPECS;

/** Every command by its name, of one word or of two, in the order of the overview. Loads nothing of the service: the overview shall not wait for that. */
export const COMMANDS = {
  serve,
  ...DELIVERY_SPECS,
  ...INGESTION_SPECS,
  receiver,
  ...tending,
} as const satisfies Record<string, CommandSpec>;

/** What the first word of commands of two words means. */
export const COMMAND_GROUPS = { token: 'make, list and revoke tokens of the API' } as const;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** What a command is given: arguments and options. */
export type CommandValues<Name extends CommandName> = ValuesOf<(typeof COMMANDS)[Name]>;

/** The commands in their order. */
export function commandEntries(): readonly (readonly [CommandName, CommandSpec])[] {
  return Object.entries(COMMANDS) as [CommandName, CommandSpec][];
}
