import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Base64 } from '../../src/protocol/checksum.ts';
import { type DeliveryHeaders, type DeliveryRequest, readDelivery } from '../../src/protocol/read-delivery.ts';
import { signWebhook } from '../../src/protocol/signature.ts';
import { CHUNK_VECTORS, COMPLETION_VECTORS, SIGNATURE_VECTORS } from './golden-vectors.ts';

const { secret } = SIGNATURE_VECTORS;
const NOW_SECONDS = 1_700_000_000;
const [FIRST] = CHUNK_VECTORS;
const BODY = FIRST?.body ?? '';

function read(body: string | Uint8Array, headers: DeliveryHeaders = {}, more: Partial<DeliveryRequest> = {}) {
  return readDelivery({ headers, body: Buffer.from(body), secret: null, nowSeconds: NOW_SECONDS, ...more });
}

/** The error of a refusal; undefined: it was read. */
function errorOf(...request: Parameters<typeof read>) {
  const delivery = read(...request);
  return delivery.kind === 'refused' ? delivery.answer.body.error : undefined;
}

function signed(body: string, timestampSeconds = NOW_SECONDS) {
  return {
    'webhook-id': 'a',
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signWebhook({ secret, id: 'a', timestampSeconds, body }),
  };
}

/** The first chunk with other members. */
function changed(members: object): string {
  return JSON.stringify({ ...JSON.parse(BODY), ...members });
}

describe('a delivery that is read', () => {
  it('has every record of the golden chunks byte for byte, and their checksums', () => {
    for (const vector of CHUNK_VECTORS) {
      const delivery = read(vector.body, { 'Content-Digest': vector.content_digest, 'Ackstream-Epoch': '7' });
      if (delivery.kind !== 'chunk') throw new Error(`chunk ${vector.chunk_number} was not read`);
      const records = delivery.records.map((record) => Buffer.from(record).toString());
      expect(`[${records.join(',')}]`).toBe(vector.records);
      expect(records).toHaveLength(vector.record_count);
      expect(delivery).toMatchObject({ epoch: 7, recomputedChecksum: vector.checksum });
      expect(delivery.envelope).toMatchObject({ chunk_number: vector.chunk_number, is_last: vector.is_last });
    }
  });

  it('is COMPLETED where it says so', () => {
    for (const { body } of COMPLETION_VECTORS) {
      expect(read(body)).toEqual({ kind: 'completed', epoch: null, envelope: JSON.parse(body) });
    }
  });

  it('is read by the headers of node:http, of fetch, and of anything that keeps their case', () => {
    const headers = { 'content-digest': `sha-256=:${sha256Base64(BODY)}:`, 'ackstream-epoch': '3', ...signed(BODY) };
    const inUpperCase = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    const asLists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    for (const form of [headers, new Headers(headers), inUpperCase, asLists]) {
      expect(read(BODY, form, { secret })).toMatchObject({ kind: 'chunk', epoch: 3 });
      expect(errorOf(`${BODY} `, form, { secret })).toBe('DIGEST_MISMATCH');
    }
  });

  it('has no use for the headers of a sender that gives none', () => {
    expect(read(BODY)).toMatchObject({ kind: 'chunk', epoch: null });
    expect(read(BODY, { 'content-digest': 'md5=:AAAA:' })).toMatchObject({ kind: 'chunk' });
  });
});

describe('a delivery that is refused', () => {
  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['cut off', BODY.slice(0, -1)],
    ['an array', '[]'],
    ['a member twice', `{"chunk_number":0,${BODY.slice(1)}`],
    ['without records', changed({ records: undefined })],
    ['with records that are no array', changed({ records: {} })],
    [
      'with a record that has a key twice',
      BODY.replace(/"records":\[.*\],"is_last"/, '"records":[{"a":1,"a":2}],"is_last"'),
    ],
    ['of another chunk_id', changed({ chunk_id: `${FIRST?.ingestion_id}:1` })],
    ['of another record_count', changed({ record_count: 99 })],
    ['with a chunk_number as text', changed({ chunk_number: '0' })],
    ['of another status', '{"status":"DONE"}'],
  ])('is MALFORMED: %s', (_what, body) => {
    expect(read(body)).toEqual({
      kind: 'refused',
      answer: { httpStatus: 400, body: { ack: false, ingestion_id: null, chunk_number: null, error: 'MALFORMED' } },
    });
  });

  it.each(['', 'two', '-1', '1.5', '1, 2', '9'.repeat(16)])('is MALFORMED in the epoch %j', (epoch) => {
    expect(errorOf(BODY, { 'ackstream-epoch': epoch })).toBe('MALFORMED');
  });

  it('is not signed, by another, long ago, or over other bytes', () => {
    const other = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    expect(errorOf(BODY, {}, { secret })).toBe('SIGNATURE_INVALID');
    expect(errorOf(BODY, signed(BODY), { secret: other })).toBe('SIGNATURE_INVALID');
    expect(errorOf(BODY, signed(BODY, NOW_SECONDS - 301), { secret })).toBe('SIGNATURE_INVALID');
    expect(errorOf(BODY, signed(`${BODY} `), { secret })).toBe('SIGNATURE_INVALID');
    expect(errorOf(BODY, signed(BODY), { secret })).toBeUndefined();
  });

  it('is not looked into before its digest and its signature hold', () => {
    expect(errorOf('hello', { 'content-digest': 'sha-256=:AAAA:' }, { secret })).toBe('DIGEST_MISMATCH');
    expect(errorOf('hello', {}, { secret })).toBe('SIGNATURE_INVALID');
  });
});

it('whatever is sent is read or refused, and throws nothing', () => {
  const body = Buffer.from(BODY);
  const damaged = fc
    .tuple(fc.nat(body.length), fc.nat(8), fc.uint8Array({ maxLength: 8 }))
    .map(([at, cut, bytes]) => Buffer.concat([body.subarray(0, at), bytes, body.subarray(at + cut)]));
  const headers = fc.dictionary(fc.constantFrom('ackstream-epoch', 'content-digest', 'webhook-id'), fc.string());
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), damaged), headers, (bytes, given) => {
      expect(['chunk', 'completed', 'refused']).toContain(read(bytes, given).kind);
    }),
  );
});

it('a secret that is none is told to who set it, not to the sender', () => {
  expect(() => read(BODY, signed(BODY), { secret: 'hunter2' })).toThrow(
    expect.objectContaining({ code: 'REQUEST_INVALID' }),
  );
});
