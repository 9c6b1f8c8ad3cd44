import { expect, it } from 'vitest';
import { nearestName } from '../../src/model/nearest-name.ts';

const KNOWN = ['ACKSTREAM_PORT', 'ACKSTREAM_HOST', 'ACKSTREAM_DATA_DIR', 'ACKSTREAM_LOG_DIR'];

it.each([
  ['ACKSTREAM_PROT', 'ACKSTREAM_PORT'],
  ['ACKSTREAM_DATADIR', 'ACKSTREAM_DATA_DIR'],
  ['ACKSTREAM_LOGS_DIR', 'ACKSTREAM_LOG_DIR'],
  ['ACKSTREAM_PORT', 'ACKSTREAM_PORT'],
  ['ACKSTREAM_RETENTION', undefined],
  ['PO', undefined],
  ['', undefined],
])('takes %s for %s', (name, nearest) => {
  expect(nearestName(name, KNOWN)).toBe(nearest);
});
