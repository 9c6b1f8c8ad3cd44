import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/errors.ts';
import { readProjectFile } from './project-files.ts';

/** A code's row in the form of docs/errors.md. */
function rowOf([code, entry]: [string, (typeof ERRORS)[keyof typeof ERRORS]]): string {
  const { httpStatus, exitCode, retryable, message, remedy } = entry;
  return `| \`${code}\` | ${httpStatus} | ${exitCode} | ${retryable ? 'yes' : 'no'} | ${message} | ${remedy} |`;
}

describe('docs/errors.md', () => {
  it('lists every code of the table, each as it is, and no other', () => {
    const documented = readProjectFile('docs/errors.md').match(/^\| `.*$/gm) ?? [];
    expect(documented.length).toBeGreaterThan(30);
    expect(documented).toEqual(Object.entries(ERRORS).map(rowOf));
  });
});
