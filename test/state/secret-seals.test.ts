import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { passingStateKeys } from '../../src/state/secret-key-file.ts';
import { SecretSeals } from '../../src/state/secret-seals.ts';
import { sampleIngestion } from './sample-state.ts';

const { delivery } = sampleIngestion('feed');
const keys = passingStateKeys();
/** Seals that have read and written nothing before. */
const fresh = () => new SecretSeals(keys);
const columns = fresh().columnsOf(delivery, 'id-1');
const open = (change: Partial<typeof columns> & { readonly ingestion_id?: string }, seals = fresh()) =>
  seals.settingsOf(delivery, { ingestion_id: 'id-1', ...columns, ...change });

describe('a sealed secret', () => {
  it('is what it was, for whatever secrets and headers', () => {
    const secrets = fc.record({
      callbackSecret: fc.option(fc.string({ unit: 'grapheme', minLength: 1 })),
      callbackHeaders: fc.option(
        fc.dictionary(
          fc.string().filter((name) => name !== '__proto__'),
          fc.string(),
        ),
      ),
    });
    fc.assert(
      fc.property(secrets, fc.string(), (own, ingestionId) => {
        const sealed = fresh().columnsOf({ ...delivery, ...own }, ingestionId);
        expect(fresh().settingsOf(delivery, { ingestion_id: ingestionId, ...sealed })).toEqual({ ...delivery, ...own });
      }),
    );
  });

  it('has another text each time, but for settings that were read and not changed', () => {
    expect(fresh().columnsOf(delivery, 'id-1')).not.toEqual(columns);
    const seals = fresh();
    const read = open({}, seals);
    expect(seals.columnsOf(read, 'id-1')).toEqual(columns);
    expect(seals.columnsOf(read, 'id-2')).not.toEqual(columns);
    expect(seals.columnsOf({ ...read }, 'id-1')).not.toEqual(columns);
  });

  it('opens in its own place only', () => {
    const mismatch = expect.objectContaining({ code: 'STATE_KEY_MISMATCH' });
    expect(() => open({ ingestion_id: 'id-2' })).toThrow(mismatch);
    expect(() => open({ callback_secret: columns.callback_headers })).toThrow(mismatch);
  });

  it('opens only where each of its bits is as it was, and never as a text that was not sealed', () => {
    const sealed = columns.callback_secret ?? '';
    for (let index = 0; index < sealed.length; index += 1) {
      const other = sealed[index] === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
      expect(() => open({ callback_secret: changed }), changed).toThrow(
        expect.objectContaining({ code: 'STATE_KEY_MISMATCH', detail: expect.not.stringContaining('whsec_') }),
      );
    }
    for (const cut of ['sealed:1:', sealed.slice(0, 40), sealed.slice(0, -1), `${sealed}=`]) {
      expect(() => open({ callback_secret: cut }), cut).toThrow(
        expect.objectContaining({ code: 'STATE_KEY_MISMATCH' }),
      );
    }
  });

  it('names the key that is missing, and none of its bytes', () => {
    const other = new SecretSeals(passingStateKeys());
    expect(() => open({}, other)).toThrow(
      expect.objectContaining({ code: 'STATE_KEY_MISMATCH', detail: expect.stringContaining(keys.current.id) }),
    );
  });
});
