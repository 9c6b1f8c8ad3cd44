import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamParser, type StreamedEvent } from '../../src/cli/event-stream-parser.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('a parser of event streams', () => {
  it('gives events by name and data, and the last id of whatever block has one', () => {
    const parser = new EventStreamParser();
    expect(parser.read(bytesOf(': hello\n\n'))).toEqual({ events: [], lastId: null });
    expect(parser.read(bytesOf('retry: 1000\nid: 7\n\n'))).toEqual({ events: [], lastId: '7' });
    expect(parser.read(bytesOf('id: 8\nevent: chunk\ndata: {"a":": b"}\n\ndata:x\ndata: y\n\nid: 9'))).toEqual({
      events: [
        { name: 'chunk', data: '{"a":": b"}' },
        { name: 'message', data: 'x\ny' },
      ],
      lastId: '8',
    });
  });

  it('reads the same wherever the stream is cut', () => {
    const text =
      'id: 1\nevent: state\ndata: {"error":"Stühle 椅子 🪑"}\n\n: alive\nid: 3\n\nid: 4\nevent: gap\ndata: {}\n\n';
    const whole = new EventStreamParser().read(bytesOf(text));
    fc.assert(
      fc.property(fc.array(fc.nat(bytesOf(text).length), { maxLength: 12 }), (cuts) => {
        const parser = new EventStreamParser();
        const ends = [...cuts.toSorted((a, b) => a - b), bytesOf(text).length];
        const events: StreamedEvent[] = [];
        let lastId: string | null = null;
        ends.forEach((end, index) => {
          const piece = parser.read(bytesOf(text).subarray(ends[index - 1] ?? 0, end));
          events.push(...piece.events);
          ({ lastId } = piece);
        });
        expect({ events, lastId }).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  it('holds no block without an end', () => {
    const parser = new EventStreamParser();
    const endless = () => {
      for (let piece = 0; piece < 20; piece += 1) parser.read(bytesOf(`data: ${'x'.repeat(64 * 1024)}\n`));
    };
    expect(endless).toThrow('sends no stream of events');
  });
});
