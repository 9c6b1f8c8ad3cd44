import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeWebhookSecret,
  type ReceivedMessage,
  signWebhook,
  verifySignature,
} from '../../src/protocol/signature.ts';
import { SIGNATURE_VECTORS } from './golden-vectors.ts';

interface StandardVectors {
  readonly secret: string;
  readonly secret_forms: readonly string[];
  readonly sign: readonly {
    readonly id: string;
    readonly timestamp: number;
    readonly payload: string;
    readonly signature: string;
  }[];
  readonly verify: readonly {
    readonly name: string;
    readonly expect: string;
    readonly signature_list?: readonly string[];
  }[];
}

const corpus = resolve(process.env.ACKSTREAM_CORPORA ?? '../shared/corpora', 'standard-webhooks/vectors.json');
const hasCorpus = existsSync(corpus);
if (!hasCorpus) console.log(`skipped: the vectors of Standard Webhooks are not at ${corpus}`);

describe.skipIf(!hasCorpus)('the vectors of Standard Webhooks', () => {
  const vectors: StandardVectors = hasCorpus
    ? JSON.parse(readFileSync(corpus, 'utf8'))
    : { secret: '', secret_forms: [], sign: [], verify: [] };
  const [first] = vectors.sign;
  const valid: ReceivedMessage = {
    secret: vectors.secret,
    id: first?.id ?? '',
    timestamp: String(first?.timestamp),
    signature: first?.signature ?? '',
    body: first?.payload ?? '',
    nowSeconds: first?.timestamp ?? 0,
  };
  /** What each named case changes of the valid message. */
  const changes: Readonly<Record<string, Partial<ReceivedMessage>>> = {
    valid: {},
    'missing webhook-id': { id: null },
    'missing webhook-timestamp': { timestamp: null },
    "timestamp 'hello'": { timestamp: 'hello' },
    'missing webhook-signature': { signature: null },
    'signature v1,dawfeoifkpqwoekfpqoekf': { signature: 'v1,dawfeoifkpqwoekfpqoekf' },
    'signature truncated to 8 chars': { signature: valid.signature?.slice(0, 8) ?? '' },
    "signature 'v1,'": { signature: 'v1,' },
    'timestamp now-301s': { nowSeconds: valid.nowSeconds + 301 },
    'timestamp now+301s': { nowSeconds: valid.nowSeconds - 301 },
  };

  it('are signed byte for byte, with and without the prefix of the secret', () => {
    for (const { id, timestamp, payload, signature } of vectors.sign) {
      for (const secret of vectors.secret_forms) {
        expect(signWebhook({ secret, id, timestampSeconds: timestamp, body: payload })).toBe(signature);
        expect(verifySignature({ ...valid, secret })).toBe(true);
      }
    }
  });

  it.each(Object.entries(changes))('verify as stated: %s', (name, change) => {
    const expectation = vectors.verify.find((vector) => vector.name === name)?.expect;
    expect(verifySignature({ ...valid, ...change })).toBe(expectation === 'accept');
  });

  it('verify as stated: one valid signature among others', () => {
    const list = vectors.verify.find((vector) => vector.signature_list !== undefined)?.signature_list ?? [];
    const signature = list.map((entry) => (entry === '<valid>' ? valid.signature : entry)).join(' ');
    expect(list.length).toBeGreaterThan(1);
    expect(verifySignature({ ...valid, signature })).toBe(true);
    expect(verifySignature({ ...valid, signature: list.filter((entry) => entry !== '<valid>').join(' ') })).toBe(false);
  });

  it.each(['', undefined, null])('verify as stated: no key (%s)', (secret) => {
    // What is called without types is called with anything.
    const message = { ...valid, secret: secret as string };
    expect(() => verifySignature(message)).toThrow(/A webhook secret is|of undefined|of null/);
    expect(() => signWebhook({ ...message, id: 'a', timestampSeconds: 1 })).toThrow(/secret is|of undefined|of null/);
  });

  it('were all run', () => {
    const named = [...Object.keys(changes), 'empty/undefined/null key', 'secret with and without whsec_ prefix'];
    const listed = vectors.verify.filter((vector) => vector.signature_list === undefined).map((vector) => vector.name);
    expect(named.toSorted()).toEqual(listed.toSorted());
  });
});

function noVector(): never {
  throw new Error('there are no golden vectors');
}

describe('signatures', () => {
  const { secret, messages } = SIGNATURE_VECTORS;

  it('equal those of another implementation', () => {
    for (const { id, timestamp, body, signature } of messages) {
      expect(signWebhook({ secret, id, timestampSeconds: timestamp, body })).toBe(signature);
    }
  });

  it('hold within 5 minutes either way, the fifth included', () => {
    const signature = signWebhook({ secret, id: 'a', timestampSeconds: 1000, body: '' });
    const verifyAt = (nowSeconds: number) =>
      verifySignature({ secret, id: 'a', timestamp: '1000', signature, body: '', nowSeconds });
    expect([699, 700, 1300, 1301].map(verifyAt)).toEqual([false, true, true, false]);
  });

  it('hold with the secret before and the one after a rotation, while the sender signs with both', () => {
    const [older, newer, other] = [2, 3, 4].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);
    const message = { id: 'a', timestampSeconds: 5, body: 'x' };
    const sign = (own = '') => signWebhook({ ...message, secret: own });
    const signature = `${sign(older)} v1a,${Buffer.alloc(64).toString('base64')} ${sign(newer)}`;
    const holdsWith = (own = '') =>
      verifySignature({ ...message, secret: own, timestamp: '5', signature, nowSeconds: 5 });
    expect([older, newer, other].map(holdsWith)).toEqual([true, true, false]);
  });

  it.each(['', ' ', 'v1', 'v1,', ',', 'v2,', 'V1,', 'v1,v1,', 'v1 ,', 'v1,=', 'v1,====', 'v1,\u0000'])(
    'fail where they are none: %j',
    (signature) => {
      const [{ id, timestamp, body, signature: right } = noVector()] = messages;
      const at = { secret, id, timestamp: String(timestamp), body, nowSeconds: timestamp };
      expect(verifySignature({ ...at, signature })).toBe(false);
      expect(verifySignature({ ...at, signature: `${signature} ${right}` })).toBe(true);
      expect(verifySignature({ ...at, signature: right.replace('v1', 'v2') })).toBe(false);
      expect(verifySignature({ ...at, signature: right.slice(0, -1) })).toBe(false);
    },
  );

  it.each(['+5', '-5', '5.0', ' 5', '5 ', '0x5', '5e0', '٥', '', 'NaN', '9'.repeat(13)])(
    'fail at a time that is none: %j',
    (timestamp) => {
      const digest = createHmac('sha256', decodeWebhookSecret(secret)).update(`a.${timestamp}.x`).digest('base64');
      const message = { secret, id: 'a', timestamp, signature: `v1,${digest}`, body: 'x', nowSeconds: 5 };
      expect(verifySignature(message)).toBe(false);
    },
  );

  it('are found behind five thousand others, and nothing is where all are wrong', () => {
    const others = Array.from({ length: 5_000 }, (_, index) => `v1,${Buffer.alloc(32, index).toString('base64')}`);
    const message = { secret, id: 'a', timestamp: '5', body: 'x', nowSeconds: 5 };
    const right = signWebhook({ secret, id: 'a', timestampSeconds: 5, body: 'x' });
    expect(verifySignature({ ...message, signature: others.join(' ') })).toBe(false);
    expect(verifySignature({ ...message, signature: [...others, right].join(' ') })).toBe(true);
  });

  it('fail for any other id, time, body or secret', () => {
    const signature = signWebhook({ secret, id: 'a:1', timestampSeconds: 5, body: 'x' });
    const received = { secret, id: 'a:1', timestamp: '5', signature, body: 'x', nowSeconds: 5 };
    const otherSecret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    for (const change of [{ id: 'a:2' }, { timestamp: '6' }, { body: 'y' }, { secret: otherSecret }]) {
      expect(verifySignature({ ...received, ...change })).toBe(false);
    }
  });

  it('verify what was signed, for any id and bytes', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.uint8Array(), fc.nat(), (id, body, timestampSeconds) => {
        const signature = signWebhook({ secret, id, timestampSeconds, body });
        const timestamp = String(timestampSeconds);
        expect(verifySignature({ secret, id, timestamp, signature, body, nowSeconds: timestampSeconds })).toBe(true);
      }),
    );
  });

  it('need a secret of base64 with at least 24 bytes, and never repeat it', () => {
    const short = Buffer.alloc(23).toString('base64');
    for (const bad of ['', 'whsec_', 'a plain password of some length', `whsec_${short}`, `${short}!`]) {
      expect(() => decodeWebhookSecret(bad)).toThrowError(expect.objectContaining({ code: 'REQUEST_INVALID' }));
    }
    expect(() => decodeWebhookSecret('hunter2hunter2')).not.toThrowError(/hunter2/);
  });
});
