import { styleText } from 'node:util';
import type { Status } from '../model/ingestion.ts';

const STATUS_COLOURS = {
  QUEUED: 'cyan',
  RUNNING: 'cyan',
  PAUSED: 'yellow',
  COMPLETED: 'green',
  FAILED: 'red',
  CANCELLED: 'yellow',
  retrying: 'yellow',
  ok: 'green',
  warning: 'yellow',
  problem: 'red',
} as const satisfies Record<Status | 'retrying' | 'ok' | 'warning' | 'problem', Parameters<typeof styleText>[0]>;

/** A status, such as `COMPLETED` or `QUEUED, retrying`, in the colour of its last word where the output has any; padded ones keep their spaces. */
export function colouredStatus(text: string, hasColour: boolean): string {
  const colour = STATUS_COLOURS[text.trim().replace(/^.*, /, '') as keyof typeof STATUS_COLOURS];
  return hasColour && colour !== undefined ? styleText(colour, text, { validateStream: false }) : text;
}

/**
 * Whether an output shows colours: NO_COLOR (no-color.org) forbids them, then FORCE_COLOR (force-color.org) demands them unless it is `0`, else a terminal
 * that can has them. Both say something only where they are not empty.
 */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  const { NO_COLOR: no = '', FORCE_COLOR: forced = '', TERM: terminal } = env;
  if (no !== '') return false;
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return isTerminal && terminal !== 'dumb';
}
