import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { renderIngestions } from '../../src/cli/render-ingestion.ts';
import { colouredStatus, wantsColour } from '../../src/cli/status-colour.ts';
import { viewOf } from './command-fixtures.ts';

describe('wantsColour', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ TERM: 'dumb' }, true, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
  ])('with %j on a terminal (%s) is %s', (env, isTerminal, expected) => {
    expect(wantsColour(env, isTerminal)).toBe(expected);
  });
});

describe('colouredStatus', () => {
  it('colours status words alone, and only where asked to', () => {
    expect(colouredStatus('FAILED', true)).toBe('\x1b[31mFAILED\x1b[39m');
    expect(colouredStatus('STATUS', true)).toBe('STATUS');
    expect(colouredStatus('QUEUED, retrying ', true)).toBe('\x1b[33mQUEUED, retrying \x1b[39m');
    expect(colouredStatus('FAILED', false)).toBe('FAILED');
  });

  it('leaves the columns of a table where they are', () => {
    const views = [viewOf(), viewOf({ status: 'COMPLETED' })];
    const coloured = renderIngestions(views, { hasColour: true, columns: null });
    expect(coloured).toContain('\x1b[32mCOMPLETED\x1b[39m');
    expect(stripVTControlCharacters(coloured)).toBe(renderIngestions(views, { hasColour: false, columns: null }));
  });
});
