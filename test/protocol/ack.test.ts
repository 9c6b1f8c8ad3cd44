import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/model/outcome.ts';
import { type Answer, type Expectation, interpretAnswer } from '../../src/protocol/ack.ts';

const ID = 'a'.repeat(64);
const CHUNK_5: Expectation = { target: 'chunk', ingestionId: ID, chunkNumber: 5 };
const COMPLETED: Expectation = { target: 'completion', ingestionId: ID, chunkNumber: 8, totalChunks: 9 };

function answer(status: number, body: unknown, change: Partial<Answer> = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, retryAfter: null, contentEncoding: null, body: Buffer.from(text), now: 0, ...change };
}

function outcomeOf(status: number, body: unknown, expected = CHUNK_5): Outcome {
  return interpretAnswer(answer(status, body), expected);
}

describe('an acknowledgement', () => {
  it.each<[string, number, unknown]>([
    ['the reference form', 200, { ack: true, ingestion_id: ID, chunk_number: 5, error: null }],
    ['the least form', 200, { ack: true }],
    ['any 2xx', 299, { ack: true }],
    ['an echo of null', 200, { ack: true, ingestion_id: null, chunk_number: null }],
    ['a chunk number as text', 200, { ack: true, chunk_number: '5' }],
    ['unknown members and an error text beside it', 200, { ack: true, duplicate: true, error: 'no' }],
    ['one leading BOM', 200, '\ufeff{"ack":true}'],
    ['white space around', 200, ' \r\n{ "ack" : true }\n'],
  ])('is taken: %s', (_name, status, body) => {
    expect(outcomeOf(status, body)).toEqual({ kind: 'acknowledged' });
  });

  it.each<[string, number, unknown]>([
    ['nothing', 200, ''],
    ['204 without a body', 204, ''],
    ['HTML', 200, '<html>ok</html>'],
    ['an array', 200, [{ ack: true }]],
    ['a bare true', 200, 'true'],
    ['ack as 1', 200, { ack: 1 }],
    ['ack as text', 200, { ack: 'true' }],
    ['ack as null', 200, { ack: null }],
    ['no ack', 200, { status: 'ok' }],
    ['two BOMs', 200, '\ufeff\ufeff{"ack":true}'],
    ['two values', 200, '{"ack":true}{"ack":true}'],
    ['trailing garbage', 200, '{"ack":true}x'],
    ['a trailing comma', 200, '{"ack":true,}'],
    ['a NUL behind it', 200, '{"ack":true}\u0000'],
    ['single quotes', 200, "{'ack':true}"],
    ['a callback', 200, 'cb({"ack":true})'],
    ['text in UTF-16', 200, '{\u0000"\u0000a\u0000c\u0000k\u0000"\u0000:\u0000t\u0000'],
    ['an ack within another object', 200, { result: { ack: true } }],
    ['ack in other letters', 200, { Ack: true }],
    ['a repeated ack whose last one is not true', 200, '{"ack":true,"ack":null}'],
    ['cut off', 200, '{"ack":tru'],
    ['deep nesting', 200, '['.repeat(60_000)],
    ['__proto__', 200, '{"__proto__":{"ack":true}}'],
  ])('is none, so that nobody knows: %s', (_name, status, body) => {
    expect(outcomeOf(status, body)).toMatchObject({ kind: 'unknown', httpStatus: status });
  });

  it('is none where its bytes are not UTF-8', () => {
    const body = Buffer.concat([Buffer.from('{"ack":true,"error":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(interpretAnswer(answer(200, '', { body }), CHUNK_5).kind).toBe('unknown');
  });

  it('is none in an encoding that was not asked for, even if the bytes look like one', () => {
    expect(interpretAnswer(answer(200, { ack: true }, { contentEncoding: 'gzip' }), CHUNK_5)).toMatchObject({
      kind: 'unknown',
      reason: expect.stringContaining('gzip'),
    });
  });

  it.each(['gzip', 'br', 'deflate', 'zstd', 'x-own', 'identity, gzip', 'gzip, identity'])(
    'is none in the encoding %j',
    (contentEncoding) => {
      expect(interpretAnswer(answer(200, { ack: true }, { contentEncoding }), CHUNK_5).kind).toBe('unknown');
    },
  );

  // An empty list is what some frameworks send for none.
  it.each(['', ' ', 'identity', 'Identity', 'identity, identity', ','])(
    'is taken where the encoding %j says that there is none',
    (contentEncoding) => {
      expect(interpretAnswer(answer(200, { ack: true }, { contentEncoding }), CHUNK_5).kind).toBe('acknowledged');
    },
  );

  // The original took any {"ack":true}, also a stale or foreign one.
  it.each([
    { ingestion_id: 'b'.repeat(64) },
    { ingestion_id: ID.toUpperCase() },
    { ingestion_id: 1 },
    { chunk_number: 4 },
    { chunk_number: 6 },
    { chunk_number: '05' },
    { chunk_number: 5.5 },
    { chunk_number: true },
    { ingestion_id: ID, chunk_number: 999 },
  ])('of something else is none: %j', (echo) => {
    expect(outcomeOf(200, { ack: true, ...echo })).toMatchObject({
      kind: 'unknown',
      reason: expect.stringContaining('acknowledged something else'),
    });
  });
});

describe('an acknowledgement of COMPLETED', () => {
  it.each([true, 1, 'true'])('may also be %j, as the original takes it', (ack) => {
    expect(outcomeOf(200, { ack }, COMPLETED)).toEqual({ kind: 'acknowledged' });
    expect(outcomeOf(200, { status: 'COMPLETED', ack, ingestion_id: ID, chunk_number: 8 }, COMPLETED).kind).toBe(
      'acknowledged',
    );
  });

  it.each([0, 2, 'no', 'TRUE', {}, [1]])('may not be %j', (ack) => {
    expect(outcomeOf(200, { ack }, COMPLETED).kind).toBe('unknown');
  });

  it('names the last chunk where it names one', () => {
    expect(outcomeOf(200, { ack: true, chunk_number: 7 }, COMPLETED).kind).toBe('unknown');
  });
});

// The original ignored the status, so that 500 with an ack was success and a 429 was repeated at once.
describe('the status', () => {
  const ack = { ack: true, ingestion_id: ID, chunk_number: 5 };

  it.each([
    100, 101, 103, 300, 301, 302, 303, 304, 305, 307, 308, 408, 425, 429, 500, 501, 502, 503, 504, 507, 599, 600, 999,
  ])('%i means not now, whatever the body says', (status) => {
    for (const body of [ack, { ack: false }, { ack: false, expected_chunk: 0 }, '']) {
      expect(outcomeOf(status, body)).toMatchObject({ kind: 'unavailable', httpStatus: status, retryAfterMs: null });
    }
  });

  it.each([400, 401, 403, 404, 405, 406, 409, 411, 415, 422, 426, 451, 499])(
    '%i is a refusal, also with an ack',
    (status) => {
      for (const body of [ack, { ack: false, error: 'no' }, 'nope', '']) {
        expect(outcomeOf(status, body)).toMatchObject({ kind: 'rejected', httpStatus: status, isFinal: false });
      }
    },
  );

  it('410 is a refusal that no further try changes, whatever it asks for', () => {
    for (const body of ['', ack, { ack: false, expected_chunk: 0 }]) {
      expect(outcomeOf(410, body)).toMatchObject({ kind: 'rejected', isFinal: true });
    }
  });

  it('413 says that it is too large, whatever the body says', () => {
    for (const body of ['', ack, { ack: false, expected_chunk: 0 }]) {
      expect(outcomeOf(413, body).kind).toBe('too-large');
    }
  });

  it('carries Retry-After where it means not now', () => {
    for (const status of [429, 503, 301]) {
      expect(interpretAnswer(answer(status, '', { retryAfter: '7' }), CHUNK_5)).toMatchObject({ retryAfterMs: 7_000 });
    }
  });
});

describe('a stale epoch', () => {
  it('is told by 409, its code and the highest epoch', () => {
    expect(outcomeOf(409, { ack: false, error: 'STALE_EPOCH', epoch: 7 })).toMatchObject({
      kind: 'stale-epoch',
      highestEpoch: 7,
    });
  });

  it.each([undefined, null, '7', 7.5, -1, 1e15 - 1, 2 ** 53 - 1, 1e300])(
    'is only a refusal with the epoch %j',
    (epoch) => {
      expect(outcomeOf(409, { ack: false, error: 'STALE_EPOCH', epoch }).kind).toBe('rejected');
    },
  );

  it('is nothing of the kind under another status', () => {
    expect(outcomeOf(400, { ack: false, error: 'STALE_EPOCH', epoch: 7 }).kind).toBe('rejected');
    expect(outcomeOf(200, { ack: false, error: 'STALE_EPOCH', epoch: 7 }).kind).toBe('rejected');
  });
});

// A receiver that lost its state answered "out of order" for ever, and the original had no way back.
describe('a rewind', () => {
  it.each<[string, number, unknown, number]>([
    ['a NACK', 200, { ack: false, error: 'OUT_OF_ORDER_CHUNK', expected_chunk: 3 }, 3],
    ['a NACK in the words of the original', 200, { ack: false, error: 'Out-of-order chunk', expected_chunk: 0 }, 0],
    ['a 409 with a NACK', 409, { ack: false, expected_chunk: 4 }, 4],
    ['a 409 that only names the chunk', 409, { expected_chunk: 4 }, 4],
    ['a 422 with a NACK', 422, { ack: false, expected_chunk: 1 }, 1],
  ])('is asked for by %s', (_name, status, body, expectedChunk) => {
    expect(outcomeOf(status, body)).toMatchObject({ kind: 'rewind-asked', expectedChunk });
  });

  it('is asked for by COMPLETED up to its last chunk', () => {
    const incomplete = { ack: false, error: 'INCOMPLETE', expected_chunk: 8 };
    expect(outcomeOf(200, incomplete, COMPLETED)).toMatchObject({ kind: 'rewind-asked', expectedChunk: 8 });
    expect(outcomeOf(200, { ...incomplete, expected_chunk: 9 }, COMPLETED)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringMatching(/expects chunk 9, COMPLETED of 9 chunks was sent/),
    });
  });

  it.each([5, 6, -1, 4.5, '4', null, 1e300])('to %j is a refusal whose reason gives both numbers', (expectedChunk) => {
    const outcome = outcomeOf(200, { ack: false, error: 'OUT_OF_ORDER_CHUNK', expected_chunk: expectedChunk });
    expect(outcome).toMatchObject({ kind: 'rejected', isFinal: false });
    const reason = 'reason' in outcome ? outcome.reason : '';
    expect(reason).toContain('chunk 5 was sent');
    expect(reason).toContain(JSON.stringify(expectedChunk).slice(0, 5));
  });

  it('to no chunk at all is a refusal that says so', () => {
    expect(outcomeOf(200, { ack: false, error: 'Out-of-order chunk' })).toMatchObject({
      kind: 'rejected',
      receiverError: 'OUT_OF_ORDER_CHUNK',
      reason: expect.stringContaining('expects no chunk, chunk 5 was sent'),
    });
  });

  it('is not asked for by an acknowledgement, nor by a 404', () => {
    expect(outcomeOf(200, { ack: true, expected_chunk: 0 }).kind).toBe('acknowledged');
    expect(outcomeOf(409, { ack: true, expected_chunk: 0 }).kind).toBe('rejected');
    expect(outcomeOf(404, { expected_chunk: 0 }).kind).toBe('rejected');
  });
});

describe("a receiver's words", () => {
  it.each([
    ['Out-of-order chunk', 'OUT_OF_ORDER_CHUNK'],
    ['Checksum mismatch', 'CHECKSUM_MISMATCH'],
    ['Empty chunk', 'EMPTY_CHUNK'],
    ['CHECKSUM_MISMATCH', 'CHECKSUM_MISMATCH'],
    ['CHUNK_ID_REUSED', 'CHUNK_ID_REUSED'],
    ['something of its own', 'something of its own'],
  ])('are known by text and by code: %s', (error, receiverError) => {
    expect(outcomeOf(200, { ack: false, error })).toMatchObject({
      kind: 'rejected',
      receiverError,
      reason: expect.stringContaining(error),
    });
  });

  it('are given as they are where they are no text', () => {
    expect(outcomeOf(422, { error: { sku: ['too long'] } })).toMatchObject({
      receiverError: null,
      reason: 'HTTP 422: {"sku":["too long"]}',
    });
    expect(outcomeOf(403, 'Forbidden by proxy')).toMatchObject({ reason: 'HTTP 403: Forbidden by proxy' });
  });

  it('are cut, and cannot drive a terminal or forge a log line', () => {
    const error = `\u001b[31mred\r\nlevel=error\u0000\u202e\u2028${'😀'.repeat(1000)}`;
    const outcome = outcomeOf(400, { ack: false, error });
    const reason = 'reason' in outcome ? outcome.reason : '';
    expect(reason).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    expect(reason).toContain('\\u{1b}[31mred\\u{d}\\u{a}level=error');
    expect(reason.endsWith('😀…')).toBe(true);
    expect(reason.length).toBeLessThan(1_000);
  });

  it('make one outcome, whatever they are', () => {
    const text = fc.oneof(fc.json(), fc.string(), fc.constantFrom('{"ack":true}', '{"ack":false,"expected_chunk":2}'));
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 999 }),
        text,
        fc.constantFrom(CHUNK_5, COMPLETED),
        (status, body, expected) => {
          const outcome = outcomeOf(status, body, expected);
          if (outcome.kind === 'acknowledged') expect(Math.floor(status / 100)).toBe(2);
        },
      ),
    );
  });
});
