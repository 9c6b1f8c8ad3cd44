import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toRecordLines } from '../../mock-receiver/record-lines.ts';
import { canonicalizeJson } from '../../src/protocol/canonical-json.ts';
import { jsonElements } from '../../src/protocol/json-members.ts';

const LIMITS = { maxDepth: 1000 };

it('makes of any canonical array the lines that reading it by the grammar makes', () => {
  fc.assert(
    fc.property(fc.array(fc.json({ stringUnit: 'grapheme' }), { maxLength: 8 }), (records) => {
      const canonical = canonicalizeJson(Buffer.from(`[${records.join(',')}]`), { numberForm: 'exact', ...LIMITS });
      const expected = jsonElements(canonical, LIMITS).map((record) => `${Buffer.from(record).toString()}\n`);
      const { recordCount, lines } = toRecordLines(canonical.slice());
      expect(recordCount).toBe(expected.length);
      expect(Buffer.from(lines).toString()).toBe(expected.join(''));
    }),
    { numRuns: 500 },
  );
});
