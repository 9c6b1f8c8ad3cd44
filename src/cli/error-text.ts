import type { ServiceError } from '../errors.ts';
import { terminalText } from './terminal-text.ts';

/** An error as a person is told of it: code with particulars, offending fields, and what to do, a line each. */
export function errorText({ code, message, fields = [], remedy }: ServiceError): string {
  const problems = fields.map((problem) => `  ${problem.field} ${problem.message}`);
  return `${[`${code}: ${message}`, ...problems, remedy].map(terminalText).join('\n')}\n`;
}
