import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot, readProjectFiles } from '../repo/project-files.ts';

const pages = readProjectFiles('', /\.md$/);

/** The text outside of fenced blocks and code spans. */
const prose = (markdown: string) => markdown.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '').replaceAll(/`[^`\n]*`/g, '`');

/** The anchors of a page's headings, as GitHub makes them: of equal ones, the later are numbered. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of markdown.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/^#+ (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    for (let count = 0, name = anchor; ; count += 1, name = `${anchor}-${count}`) {
      if (anchors.has(name)) continue;
      anchors.add(name);
      break;
    }
  }
  return anchors;
}

interface Link {
  readonly from: string;
  readonly path: string;
  readonly anchor: string | undefined;
}

const links: readonly Link[] = pages.flatMap(({ path: from, text }) =>
  Array.from(prose(text).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g), ([, target = '', anchor]) => ({
    from,
    path: target === '' ? from : normalize(join(dirname(from), target)),
    anchor,
  })),
);

describe('the links of the Markdown files', () => {
  it('lead to files that exist', () => {
    expect(links.length).toBeGreaterThan(80);
    expect(links.filter(({ path }) => !existsSync(join(projectRoot, path)))).toEqual([]);
  });

  it('lead to headings that exist', () => {
    const anchors = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]));
    expect(links.filter(({ path, anchor }) => anchor !== undefined && !anchors.get(path)?.has(anchor))).toEqual([]);
  });

  it('lead from README.md to every page', () => {
    const linked = new Set(links.filter(({ from }) => from === 'README.md').map(({ path }) => path));
    const unlinked = pages.filter(({ path }) => path.startsWith('docs/') && !linked.has(path));
    expect(unlinked.map(({ path }) => path)).toEqual([]);
  });
});
