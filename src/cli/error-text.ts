import type { ServiceError } from '../errors.ts';
import { terminalText } from './terminal-text.ts';

/**
 * An error as a person is told of it: code with particulars, offending fields, and what to do, a line each.
 * @param options by the fields that options have filled, these, which are named beside them; `format` stands for its members
 */
export function errorText(
  { code, message, fields = [], remedy }: ServiceError,
  options: ReadonlyMap<string, string> = new Map(),
): string {
  const problems = fields.map(({ field, message: problem }) => {
    const option = options.get(field) ?? options.get(field.split('.', 1).join(''));
    return `  ${field}${option === undefined ? '' : ` (${option})`} ${problem}`;
  });
  return `${[`${code}: ${message}`, ...problems, remedy].map(terminalText).join('\n')}\n`;
}
