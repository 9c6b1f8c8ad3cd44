import { EXIT_DONE, EXIT_FAILED, type RunCommand } from './command.ts';
import { examine } from './doctor/examine.ts';
import type { Finding } from './doctor/finding.ts';
import { formatCounted } from './format-count.ts';
import { jsonLine } from './json-line.ts';
import { colouredStatus } from './status-colour.ts';
import { terminalText } from './terminal-text.ts';

const VERDICT_WIDTH = 'problem'.length;
const CHECK_WIDTH = 'data directory'.length;

/** `ackstream doctor`. */
export const runDoctor: RunCommand<'doctor'> = async ({ json, callback }, context) => {
  const counts = { ok: 0, warning: 0, problem: 0 };
  for await (const finding of examine(context, callback)) {
    counts[finding.verdict] += 1;
    context.write(json === true ? jsonLine(finding) : findingText(finding, context.hasColour));
  }
  if (json !== true) context.write(`\n${summaryText(counts)}\n`);
  return counts.problem === 0 ? EXIT_DONE : EXIT_FAILED;
};

function findingText({ check, verdict, seen, remedy }: Finding, hasColour: boolean): string {
  const word = colouredStatus(verdict.padEnd(VERDICT_WIDTH), hasColour);
  const line = `${word}  ${check.padEnd(CHECK_WIDTH)}  ${terminalText(seen)}\n`;
  return remedy === null ? line : `${line}${' '.repeat(VERDICT_WIDTH + CHECK_WIDTH + 4)}${terminalText(remedy)}\n`;
}

function summaryText({ warning, problem }: Readonly<Record<Finding['verdict'], number>>): string {
  const noticed = warning === 0 ? '' : ` (${formatCounted(warning, 'warning')})`;
  if (problem === 0) return `A service works here${noticed}.`;
  return `${formatCounted(problem, 'problem')}${noticed}: a service does not start or work as it is.`;
}
