import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { apiUnderTest, bodyOf, type ProblemBody, postIngest } from './api-under-test.ts';

const readsNothing = { getIngestion: () => Promise.resolve(null) };

describe('GET /health', () => {
  it('answers in the words of the original service', async () => {
    const response = await apiUnderTest().app.request('/health');
    expect([response.status, await response.text()]).toEqual([200, '{"status":200,"message":"success check ok!"}']);
  });

  it('has a sister that says whether the process runs', async () => {
    const response = await apiUnderTest().app.request('/health/live');
    expect([response.status, await bodyOf(response)]).toEqual([200, { live: true }]);
  });

  it('has a sister that really checks, and says 503 where the service cannot work', async () => {
    const readiness = { ready: true, checks: { state: true, queue: true } };
    const { app } = apiUnderTest({ health: { isReady: () => Promise.resolve(readiness) } });
    const good = await app.request('/health/ready');
    expect([good.status, await bodyOf(good)]).toEqual([200, readiness]);
    const unready = { ready: false, checks: { state: false, queue: true } };
    const bad = await apiUnderTest({ health: { isReady: () => Promise.resolve(unready) } }).app.request(
      '/health/ready',
    );
    expect([bad.status, await bodyOf(bad)]).toEqual([503, unready]);
  });
});

describe('a refusal', () => {
  it('has one shape, whatever is refused', async () => {
    const { app } = apiUnderTest({ reads: readsNothing });
    const refusals = [
      await postIngest(app, ''),
      await postIngest(app, '{}'),
      await postIngest(app, '{}', { 'Content-Type': 'text/plain' }),
      await postIngest(app, 'x'.repeat(2_000_000)),
      await app.request('/api/ingestions/x'),
      await app.request('/api/ingestions?limit=x'),
      await app.request('/nothing'),
      await app.request('/api/ingest'),
      await app.request('/api/ingestions/x/pause', { method: 'POST' }),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([400, 422, 415, 413, 404, 422, 404, 405, 500]);
    for (const response of refusals) {
      expect(response.headers.get('Content-Type')).toBe('application/problem+json');
      const problem = await bodyOf<ProblemBody>(response);
      expect(problem).toMatchObject({
        type: `/docs#${problem.code}`,
        title: expect.any(String),
        status: response.status,
        instance: expect.stringMatching(/^\//),
        what_to_do: expect.any(String),
      });
    }
  });

  it('carries the particulars of its code, which cannot pass for another', async () => {
    const error = new ServiceError('RECORD_PATH_NEEDED', {
      detail: 'Two arrays.',
      place: { line: 3 },
      data: { candidates: ['a', 'b'], code: 'OTHER', status: 200 },
    });
    const { app } = apiUnderTest({ reads: { getIngestion: () => Promise.reject(error) } });
    expect(await bodyOf(await app.request('/api/ingestions/x%20y'))).toEqual({
      type: '/docs#RECORD_PATH_NEEDED',
      title: 'It is not clear which array or element of the file holds the records.',
      status: 422,
      code: 'RECORD_PATH_NEEDED',
      detail: 'Two arrays. (line 3)',
      instance: '/api/ingestions/x%20y',
      what_to_do: 'Send `record_path` (`--record-path`) with the path of the records, such as one of the candidates.',
      candidates: ['a', 'b'],
    });
  });

  it.each([
    ['PUT', '/api/ingest', 'POST'],
    ['GET', '/api/ingest', 'POST'],
    ['POST', '/api/ingestions', 'GET, HEAD'],
    ['PUT', '/api/ingestions/x', 'GET, HEAD, DELETE'],
    ['GET', '/api/ingestions/x/pause', 'POST'],
    ['OPTIONS', '/health', 'GET, HEAD'],
  ])('of %s %s names the methods there are', async (method, path, allow) => {
    const { app, logged } = apiUnderTest();
    const response = await app.request(path, { method });
    expect([response.status, response.headers.get('Allow')]).toEqual([405, allow]);
    const detail = `${method} is not taken here; ${allow} is.`;
    expect(await bodyOf(response)).toMatchObject({ code: 'METHOD_NOT_ALLOWED', detail });
    expect(logged).toEqual([
      {
        level: 'info',
        event: 'request.refused',
        fields: { method, path, http_status: 405, code: 'METHOD_NOT_ALLOWED' },
      },
    ]);
  });

  it.each([
    '/nothing',
    '/api',
    '/api/ingestions/x/y',
    '/api/ingestions/',
    '/health/',
    '/%E0%A4%A',
    '/api/../etc/passwd',
  ])('of %s is 404', async (path) => {
    const response = await apiUnderTest().app.request(path);
    expect([response.status, (await bodyOf(response)).code]).toEqual([404, 'ROUTE_NOT_FOUND']);
  });
});

describe('a failure', () => {
  it('tells the log what happened and the client nothing of it', async () => {
    const { app, logged } = apiUnderTest();
    const response = await app.request('/api/ingestions/x');
    expect(response.status).toBe(500);
    expect(await bodyOf(response)).toEqual({
      type: '/docs#INTERNAL',
      title: 'Something failed that should not.',
      status: 500,
      code: 'INTERNAL',
      instance: '/api/ingestions/x',
      what_to_do: 'Look at logs/error; report it if it comes back.',
    });
    expect(logged).toMatchObject([
      {
        level: 'error',
        event: 'request.failed',
        fields: { code: 'INTERNAL', reason: 'internal particulars: not expected to be called' },
      },
    ]);
    expect(logged[0]?.fields?.stack).toContain('api-under-test.ts');
  });
});

describe('an end of the service, or of the client, in the middle of a request', () => {
  it('is no failure to the log', async () => {
    const { app, logged } = apiUnderTest({
      reads: { getIngestion: () => Promise.reject(new ServiceError('SHUTTING_DOWN')) },
    });
    expect((await app.request('/api/ingestions/x')).status).toBe(503);
    expect(logged).toMatchObject([{ level: 'info', event: 'request.refused', fields: { code: 'SHUTTING_DOWN' } }]);
  });
});

describe('an answer to HEAD', () => {
  it('is that to GET without its body', async () => {
    const response = await apiUnderTest().app.request('/health', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});
