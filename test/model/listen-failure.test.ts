import { expect, it } from 'vitest';
import { listenFailure } from '../../src/model/listen-failure.ts';

const ADDRESS = { host: '192.0.2.1', port: 80, names: { host: '--host', port: '--port' } };

it.each([
  ['EADDRINUSE', { field: '--port', message: '80 is in use by another program' }],
  ['EACCES', { field: '--port', message: '80 is one that this user may not listen on' }],
  ['EADDRNOTAVAIL', { field: '--host', message: '192.0.2.1 is no address of this machine (EADDRNOTAVAIL)' }],
])('of %s it names the setting to correct', (code, field) => {
  expect(listenFailure(Object.assign(new Error(`listen ${code}`), { code }), ADDRESS)).toEqual(field);
});
