/** If-None-Match as RFC 9110, 13.1.2 has it: a list, compared weakly, or `*`. */
import { describe, expect, it } from 'vitest';
import { apiUnderTest, sampleIngestion } from './api-under-test.ts';

const PATH = '/api/ingestions/x';
let updatedAt = 0;
const { app } = apiUnderTest({ reads: { getIngestion: () => Promise.resolve(sampleIngestion({ updatedAt })) } });

const look = (asked: string | null, method = 'GET') =>
  app.request(PATH, { method, headers: asked === null ? {} : { 'If-None-Match': asked } });

async function etagNow(): Promise<string> {
  return (await look(null)).headers.get('ETag') ?? '';
}

describe('a read', () => {
  it('has a weak ETag that changes with what is shown, and with nothing else', async () => {
    const etag = await etagNow();
    expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
    expect(await etagNow()).toBe(etag);
    updatedAt += 1;
    expect(await etagNow()).not.toBe(etag);
  });

  it('is answered 304, with its ETag and no body, where any of those asked for is its own', async () => {
    const etag = await etagNow();
    const strong = etag.replace('W/', '');
    for (const asked of [etag, strong, `"x", ${etag}`, `W/"a,b",${strong} , "y"`, '*', ' * ']) {
      for (const method of ['GET', 'HEAD']) {
        const response = await look(asked, method);
        expect([asked, response.status, response.headers.get('ETag')]).toEqual([asked, 304, etag]);
        expect([await response.text(), response.headers.get('Content-Type')]).toEqual(['', null]);
      }
    }
  });

  it('is answered whole where none of them is', async () => {
    const etag = await etagNow();
    for (const asked of ['', '""', '"x"', etag.slice(0, -2), etag.replaceAll('"', ''), `${etag}x`, 'W/*']) {
      const response = await look(asked);
      expect([asked, response.status, response.headers.get('ETag')]).toEqual([asked, 200, etag]);
    }
  });

  it('that is refused has no ETag, whatever is asked for', async () => {
    const missing = apiUnderTest({ reads: { getIngestion: () => Promise.resolve(null) } });
    const response = await missing.app.request(PATH, { headers: { 'If-None-Match': '*' } });
    expect([response.status, response.headers.get('ETag')]).toEqual([404, null]);
  });
});
