/** What a receiver answered in the last attempt that failed, from the wire to the API: byte for byte, over restarts, until the ingestion is deleted. */
import { describe, expect, it } from 'vitest';
import { listenAnswering, unusedUrl } from '../delivery/receivers.ts';
import { type Scene, setScene } from '../harness/scene.ts';
import { startService, type TestService } from '../harness/service.ts';
import { until } from '../harness/until.ts';
import { startWireTap } from '../harness/wire-tap.ts';

/** As much of an answer as is looked at here. */
interface Shown {
  readonly code?: string;
  readonly answer?: {
    readonly headers: readonly { readonly name: string; readonly value: string }[];
    readonly body: string;
    readonly [member: string]: unknown;
  } | null;
  readonly [member: string]: unknown;
}

const ask = ({ api }: TestService, id: string, headers: Record<string, string> = {}) =>
  api.callForText('GET', `/api/ingestions/${id}/last-failed-attempt`, undefined, headers);

async function shownOf(service: TestService, id: string): Promise<Shown> {
  return JSON.parse((await ask(service, id)).body) as Shown;
}

const setSmallScene = () => setScene({ recordCount: 15 });

/** Delivers to a receiver that refuses with this for good; the ingestion, which has FAILED. */
async function refusedWith(
  scene: Scene,
  { body, headers = [] }: { readonly body: string | Uint8Array; readonly headers?: readonly string[] },
  fields: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const bytes = Buffer.from(body);
  const head = ['HTTP/1.1 410 Gone', ...headers, `Content-Length: ${bytes.length}`, '', ''].join('\r\n');
  const callback_url = await listenAnswering(Buffer.concat([Buffer.from(head), bytes]));
  const { status, ingestion_id: id } = await scene.deliver({ callback_url, ...fields });
  expect(status).toBe('FAILED');
  return id;
}

describe('GET /api/ingestions/{id}/last-failed-attempt', () => {
  it('tells the attempt and the answer', async () => {
    const scene = await setSmallScene();
    const page = '<script>alert("\u{1f600}")</script>\u0000\r\n\u001b[2J';
    const id = await refusedWith(scene, { body: page, headers: ['Via: 1.1 a', 'X-Why: "so"', 'via: 1.1 b'] });
    const { begun_at, ended_at, duration_ms, ...rest } = await shownOf(scene.service, id);
    expect(rest).toEqual({
      ingestion_id: id,
      chunk_number: 0,
      attempt: 1,
      epoch: 1,
      outcome: 'rejected',
      http_status: 410,
      reason: expect.stringContaining('HTTP 410: <script>'),
      answer: {
        http_status: 410,
        headers: [
          { name: 'Via', value: '1.1 a' },
          { name: 'X-Why', value: '"so"' },
          { name: 'via', value: '1.1 b' },
          { name: 'Content-Length', value: String(Buffer.byteLength(page)) },
        ],
        are_headers_cut: false,
        body: page,
        body_encoding: 'utf-8',
        body_bytes: Buffer.byteLength(page),
        is_body_cut: false,
      },
    });
    expect(Date.parse(String(ended_at)) - Date.parse(String(begun_at))).toBe(duration_ms);
  });

  it.each([
    ['bytes that are no text', Buffer.from([0, 255, 254, 13, 10]), 'AP/+DQo=', 'base64'],
    ['a text that begins with a mark', '\ufeffno', '\ufeffno', 'utf-8'],
    ['a character at the cut', `${'x'.repeat(16_382)}€uro`, 'x'.repeat(16_382), 'utf-8'],
    ['bytes at the cut', Buffer.alloc(20_000, 255), Buffer.alloc(16_384, 255).toString('base64'), 'base64'],
    ['half of a character at the end', Buffer.from([111, 107, 226, 130]), 'b2vigg==', 'base64'],
  ])('tells the body as it came: %s', async (_what, body, shown, encoding) => {
    const scene = await setSmallScene();
    const id = await refusedWith(scene, { body });
    expect((await shownOf(scene.service, id)).answer).toMatchObject({
      body: shown,
      body_encoding: encoding,
      body_bytes: Buffer.byteLength(body),
      is_body_cut: Buffer.byteLength(body) > 16_384,
    });
  });

  it('tells no secret that the receiver quotes', async () => {
    const scene = await setSmallScene();
    const token = 'a-token-0123456789';
    const secret = `whsec_${Buffer.alloc(24, 0xff).toString('base64')}`;
    const quoted = {
      body: JSON.stringify({ token, secret }).replaceAll('/', String.raw`\/`),
      headers: [`X-Echo: Bearer ${token}`],
    };
    const id = await refusedWith(scene, quoted, {
      callback_headers: { Authorization: `Bearer ${token}` },
      callback_secret: secret,
    });
    const { body: text } = await ask(scene.service, id);
    for (const told of [token, secret, secret.slice(6)]) expect(text).not.toContain(told);
    expect((await shownOf(scene.service, id)).answer?.body).toBe('{"token":"[hidden]","secret":"[hidden]"}');
  });

  it('goes on telling after the receiver has recovered, and over a restart', async () => {
    const scene = await setSmallScene();
    const answers = [{ status: 503, headers: { 'x-node': 'b' }, body: 'in repair' }];
    const tap = await startWireTap(scene.receiver.callbackUrl, ({ subject }) =>
      subject === 1 ? answers.shift() : undefined,
    );
    const { status, ingestion_id: id } = await scene.deliver({ callback_url: tap.url });
    expect(status).toBe('COMPLETED');
    const before = await ask(scene.service, id);
    expect(JSON.parse(before.body)).toMatchObject({ chunk_number: 1, attempt: 1, answer: { body: 'in repair' } });
    await scene.service.stop();
    const again = await startService(scene.folder);
    expect((await ask(again, id)).body).toBe(before.body);
  });

  it('is 304 to who has it, and another answer once another attempt failed', async () => {
    const scene = await setSmallScene();
    const id = await refusedWith(scene, { body: 'gone' });
    const { etag } = (await ask(scene.service, id)).headers;
    const held = { 'If-None-Match': String(etag) };
    expect(etag).toMatch(/^W\/"/);
    expect(await ask(scene.service, id, held)).toMatchObject({ status: 304, body: '' });
    await scene.service.api.act(id, 'resume');
    await scene.service.api.untilStatus(id, 'FAILED');
    expect((await ask(scene.service, id, held)).status).toBe(200);
    expect(await shownOf(scene.service, id)).toMatchObject({ attempt: 2, epoch: 2 });
  });

  it('keeps what was answered while the circuit is open or nobody listens', async () => {
    const scene = await setSmallScene();
    const { url } = await startWireTap(scene.receiver.callbackUrl, () => ({
      status: 500,
      headers: {},
      body: 'broken',
    }));
    const { ingestion_id: id } = (await scene.ingest({ callback_url: url })).body;
    await until(
      () => scene.service.api.get(id),
      ({ last_error }) => last_error?.message.includes('the circuit to') === true,
    );
    const { last_error } = await scene.service.api.get(id);
    expect(last_error?.message).toMatch(/^HTTP 500.*; the circuit to /);
    expect(await shownOf(scene.service, id)).toMatchObject({ http_status: 500, answer: { body: 'broken' } });
  });

  it('tells an attempt without an answer where none came', async () => {
    const scene = await setSmallScene();
    const { ingestion_id: id } = (await scene.ingest({ callback_url: await unusedUrl() })).body;
    const shown = await until(
      () => shownOf(scene.service, id),
      ({ attempt }) => attempt !== undefined,
    );
    expect(shown).toMatchObject({ outcome: 'unavailable', http_status: null, answer: null });
  });

  it('is 404 where nothing failed, where there is no such ingestion, and once that was deleted', async () => {
    const scene = await setSmallScene();
    const done = await scene.deliver();
    expect(await shownOf(scene.service, done.ingestion_id)).toMatchObject({
      code: 'FAILED_ATTEMPT_NOT_FOUND',
      status: 404,
    });
    expect(await shownOf(scene.service, 'none')).toMatchObject({ code: 'INGESTION_NOT_FOUND' });
    const id = await refusedWith(scene, { body: 'gone' }, { re_ingestion: true });
    const deleted = await fetch(`${scene.service.url}/api/ingestions/${id}`, { method: 'DELETE' });
    expect(deleted.status).toBe(204);
    expect(await shownOf(scene.service, id)).toMatchObject({ code: 'INGESTION_NOT_FOUND' });
  });

  it('is of one ingestion alone: that which is begun anew has none', async () => {
    const scene = await setSmallScene();
    const first = await refusedWith(scene, { body: 'gone' });
    const second = await scene.deliver({ re_ingestion: true });
    expect(second.status).toBe('COMPLETED');
    expect(await shownOf(scene.service, second.ingestion_id)).toMatchObject({ code: 'FAILED_ATTEMPT_NOT_FOUND' });
    expect(await shownOf(scene.service, first)).toMatchObject({ answer: { body: 'gone' } });
  });
});
