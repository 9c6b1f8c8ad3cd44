import { describe, expect, it } from 'vitest';
import { ProgressLine, progressLineFor } from '../../src/cli/progress-line.ts';
import { recordedContext } from './command-fixtures.ts';

function writtenBy(use: (line: ProgressLine) => void): string {
  let written = '';
  use(
    new ProgressLine((text) => {
      written += text;
    }),
  );
  return written;
}

describe('a line of progress', () => {
  it('is written over by what is new alone, and taken away', () => {
    const written = writtenBy((line) => {
      for (const text of ['a', 'a', 'b']) line.show(text);
      line.erase();
      line.show('b');
    });
    expect(written).toBe('\r\x1b[2Ka\r\x1b[2Kb\r\x1b[2K\r\x1b[2Kb');
  });

  it('is left with the cursor behind it', () => {
    const written = writtenBy((line) => {
      line.show('a');
      line.end();
      line.end();
    });
    expect(written).toBe('\r\x1b[2Ka\n');
  });

  it('leaves no trace where nothing was shown', () => {
    const written = writtenBy((line) => {
      line.erase();
      line.end();
    });
    expect(written).toBe('');
  });

  it('is for people alone', () => {
    expect(progressLineFor(recordedContext().context)).toBeNull();
    const { context, written } = recordedContext({ isErrorTerminal: true });
    progressLineFor(context)?.show('a');
    expect(written).toMatchObject({ out: '', error: '\r\x1b[2Ka' });
  });
});
