import { STATUS_CODES } from 'node:http';
import { formatCount } from './format-count.ts';
import type { FailedAttemptView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';
import { cutToWidth } from './text-width.ts';

/** Of what a receiver says first: two lines of a usual terminal. */
const MAX_FIRST_LINE_COLUMNS = 160;

type Answer = NonNullable<FailedAttemptView['answer']>;

/** What the receiver answered, in a line: its status and the first words of its body; null: it did not answer. */
export function renderAnswerLine({ answer }: FailedAttemptView): string | null {
  if (answer === null) return null;
  const words = answer.body_encoding === 'utf-8' ? answer.body.trimStart().split(/\r?\n/, 1).join('') : '';
  const said = words === '' ? '' : `: ${cutToWidth(terminalText(words), MAX_FIRST_LINE_COLUMNS)}`;
  return `${statusText(answer)}${said}`;
}

/** An attempt that failed, in full: what was tried, and the answer with its headers and body, each of its lines marked by `| `. */
export function renderFailedAttempt(failed: FailedAttemptView): string {
  const { chunk_number: chunkNumber, attempt, ended_at: endedAt, reason, outcome, answer } = failed;
  const target = chunkNumber === null ? 'COMPLETED' : `chunk ${chunkNumber}`;
  const when = endedAt === null ? '' : `, ended ${endedAt}`;
  const lines = [
    `last failed attempt: attempt ${attempt} at ${target}${when}: ${terminalText(reason ?? outcome ?? '')}`,
  ];
  return [...lines, ...(answer === null ? ['  no answer came'] : answerLines(answer))]
    .map((line) => `${line}\n`)
    .join('');
}

function answerLines(answer: Answer): string[] {
  const { headers, body, body_encoding: encoding, body_bytes: byteCount } = answer;
  const lines = [
    statusText(answer),
    ...headers.map(({ name, value }) => `${terminalText(name)}: ${terminalText(value)}`),
  ];
  if (answer.are_headers_cut) lines.push('(more headers came than are kept)');
  lines.push('');
  if (encoding === 'base64') lines.push('(in base64, for it is no UTF-8)');
  if (body !== '') lines.push(...body.split(/\r?\n/).map(terminalText));
  if (answer.is_body_cut) lines.push(`(the beginning of ${formatCount(byteCount)} bytes)`);
  else if (body === '' && byteCount > 0)
    lines.push(`(${formatCount(byteCount)} bytes, compressed, of which none is kept)`);
  return lines.map((line) => `  | ${line}`.trimEnd());
}

function statusText({ http_status: status }: Answer): string {
  return `HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
}
