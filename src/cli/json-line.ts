import { terminalText } from './terminal-text.ts';

/**
 * A value as a line of `--json`. What terminals obey is written as JSON's own escapes, which say the same to a program: JSON escapes by itself only the half of it, and a
 * document may be looked at.
 */
export function jsonLine(value: unknown): string {
  return `${terminalText(JSON.stringify(value))}\n`;
}
