import { expect, it } from 'vitest';
import { terminalText } from '../../src/cli/terminal-text.ts';

it('leaves text as it is', () => {
  expect(terminalText('Größe „5“ 漢字 😀')).toBe('Größe „5“ 漢字 😀');
});

it('shows what a terminal would obey', () => {
  expect(terminalText('\u061cא\u200f\ud800')).toBe('\\u061cא\\u200f\\ud800');
  expect(terminalText('\x1b[2Jgone\r\n\u009b31m\u2028\u202etxt.exe\x7f')).toBe(
    '\\u001b[2Jgone\\u000d\\u000a\\u009b31m\\u2028\\u202etxt.exe\\u007f',
  );
});
