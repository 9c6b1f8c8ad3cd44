import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apiUnderTest, ask, bodyOf, gateUnderTest } from '../api/api-under-test.ts';
import { projectRoot } from '../repo/project-files.ts';

const guarded = apiUnderTest({ gate: gateUnderTest({ apiToken: 'a-token-of-the-settings' }) });
const page = await (await ask(guarded, '/')).text();
const assetPaths = [...page.matchAll(/(?:src|href)="(\/dashboard\/[^"]+)"/g)].map(([, path = '']) => path);
const assetFolder = join('src', 'api', 'dashboard', 'assets');

describe('the page of the dashboard', () => {
  it('needs no token, and may run and load nothing but what the service serves', async () => {
    const response = await ask(guarded, '/');
    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(response.headers.get('Content-Security-Policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    expect(page).not.toMatch(/<script(?! type="module" src=)|<style| style=| on\w+=|https?:/);
  });

  it('is served by the names of the service alone', async () => {
    for (const path of ['/', ...assetPaths]) {
      const response = await ask(guarded, path, { headers: { Host: 'evil.example' } });
      expect([response.status, (await bodyOf(response)).code]).toEqual([421, 'HOST_NOT_ALLOWED']);
    }
  });

  it('is asked for anew each time, and answered 304 while it is the same', async () => {
    const first = await ask(guarded, '/');
    expect(first.headers.get('Cache-Control')).toBe('no-cache');
    const again = await ask(guarded, '/', { headers: { 'If-None-Match': first.headers.get('ETag') ?? '' } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });
});

describe('what the page loads', () => {
  it('may be kept for good, by paths that change with what is there', async () => {
    expect(assetPaths.length).toBeGreaterThan(3);
    for (const path of assetPaths) {
      const response = await ask(guarded, path);
      expect([response.status, response.headers.get('Cache-Control')], path).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ]);
      expect(response.headers.get('Content-Type')).toMatch(
        /^(?:text\/(?:javascript|css); charset=utf-8|image\/svg\+xml)$/,
      );
    }
  });

  it('names only modules that are served', async () => {
    const root = assetPaths[0]?.replace(/[^/]+$/, '') ?? '';
    const modules = readdirSync(join(projectRoot, assetFolder)).filter((name) => name.endsWith('.js'));
    expect(modules.length).toBeGreaterThan(10);
    for (const name of modules) {
      const text = await (await ask(guarded, root + name)).text();
      const imported = [...text.matchAll(/ from '\.\/([\w.-]+)'/g)].map(([, target]) => target);
      for (const target of imported) expect((await ask(guarded, `${root}${target}`)).status, target).toBe(200);
    }
  });

  it.each(['/dashboard/x/app.js', '/dashboard/', '/dashboard/..%2fapp.js', '/dashboard/x/..%2f..%2fpackage.json'])(
    'is not %s',
    async (path) => {
      expect((await ask(guarded, path)).status).toBe(404);
    },
  );
});
