import { describe, expect, it } from 'vitest';
import { readPage } from './read-page.ts';

const TICKS = '```';
const fence = (kind: string, code: string) => `${TICKS}${kind}\n${code}\n${TICKS}\n`;
const commands = [{ text: 'ls', exitCode: 0 }];

describe('a block of text', () => {
  it('behind a command is what that promises to show', () => {
    expect(readPage(fence('sh', 'ls') + fence('text', 'a file'))).toEqual([
      { kind: 'type', commands, isRepeated: false, promised: ['a file'] },
    ]);
  });

  it('with the name of a program is what that shows', () => {
    expect(readPage(`Look.\n\n${fence('text receiver', 'stored')}`)).toEqual([
      { kind: 'look', program: 'receiver', promised: ['stored'] },
    ]);
  });

  it.each([
    ['behind a sentence', `${fence('sh', 'ls')}It shows:\n\n${fence('text', 'a file')}`],
    ['behind another one', fence('sh', 'ls') + fence('text', 'a file') + fence('text', 'a folder')],
    ['behind a program', fence('sh', 'ls') + fence('ts', 'list();') + fence('text', 'a file')],
    ['at the begin of a page', fence('text', 'a file')],
  ])('%s is refused, for nothing would be held against it', (_, page) => {
    expect(() => readPage(page)).toThrow('what shows this?');
  });

  it('that is marked as an example promises nothing', () => {
    expect(readPage(`${fence('sh', 'ls')}Such as\n\n${fence('text shown', 'a file')}`)).toEqual([
      { kind: 'type', commands, isRepeated: false, promised: [] },
    ]);
  });
});
