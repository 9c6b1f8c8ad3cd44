import { expect, it } from 'vitest';
import { setScene } from '../harness/scene.ts';
import { describeInBrowser, openPage } from './browser.ts';

describeInBrowser('what is built once', (browser) => {
  /** Renders trees one after the other; what is left of the text of the last one, and where the focus is. */
  async function renderEach(trees: readonly string[]): Promise<unknown> {
    const scene = await setScene({ recordCount: 1 });
    const { page } = await openPage(browser(), scene.service.url);
    return page.evaluate(`(async () => {
      const { h, once, morphChildren } = await import(document.querySelector('link[rel=modulepreload]').href);
      const place = document.body.appendChild(document.createElement('div'));
      const content = {};
      const large = () => once(content, () => h('pre', { tabindex: 0 }, 'large'));
      for (const tree of [${trees.map((tree) => `() => ${tree}`).join()}]) {
        morphChildren(place, tree());
        if (document.activeElement === document.body) place.querySelector('pre')?.focus();
      }
      return [place.innerHTML.replaceAll(/ \\w[-\\w]*="[^"]*"/g, ''), document.activeElement.textContent];
    })()`);
  }

  it('keeps the focus where what stood before it goes', async () => {
    const found = await renderEach([`[h('p', {}, 'before'), large()]`, `[large(), h('p', {}, 'after')]`]);
    expect(found).toEqual(['<pre>large</pre><p>after</p>', 'large']);
  });

  it('comes back as a whole where it was away, or what it is in is another', async () => {
    const found = await renderEach([
      '[large()]',
      '[]',
      `[h('section', {}, 'in ', large())]`,
      `[h('div', {}, 'in ', large())]`,
    ]);
    expect(found).toEqual(['<div>in <pre>large</pre></div>', 'large']);
  });
});
