import { expect, it } from 'vitest';
import { VERSION } from '../../src/version.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';

it('GET /api/settings shows what the service runs with, to admins, and no secret', async () => {
  const token = 'a-token-of-some-length';
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const env = { ACKSTREAM_API_TOKEN: token, ACKSTREAM_CALLBACK_SECRET: secret, ACKSTREAM_RETENTION: '24h' };
  const { url } = await startService(tempFolder(), { env });
  expect((await fetch(`${url}/api/settings`)).status).toBe(401);
  const text = await (await fetch(`${url}/api/settings`, { headers: { Authorization: `Bearer ${token}` } })).text();
  const { version, items } = JSON.parse(text) as {
    readonly version: string;
    readonly items: readonly { readonly name: string; readonly value: string }[];
  };
  expect(version).toBe(VERSION);
  expect(items).toEqual(
    expect.arrayContaining([
      { name: 'ACKSTREAM_API_TOKEN', value: 'set' },
      { name: 'ACKSTREAM_CALLBACK_SECRET', value: 'set' },
      { name: 'ACKSTREAM_RETENTION', value: '24h' },
    ]),
  );
  expect(text).not.toContain(token);
  expect(text).not.toContain(secret);
});
