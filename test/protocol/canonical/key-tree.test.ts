import { describe, expect, it } from 'vitest';
import { type KeyNode, KeyTree } from '../../../src/protocol/canonical/key-tree.ts';

const OBJECT = 1;
const viewOf = (text: string): DataView => {
  const bytes = new TextEncoder().encode(text);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};
const learn = (tree: KeyTree, node: KeyNode, text: string): KeyNode | null =>
  tree.learn(node, viewOf(text), { from: 0, to: text.length, frame: OBJECT });

describe('The tree of keys', () => {
  it('knows a key after the keys that it came after, and nowhere else', () => {
    const tree = new KeyTree(OBJECT);
    const first = learn(tree, tree.root, '"first":') as KeyNode;
    const second = learn(tree, first, '"second":');
    expect(tree.root.follow(viewOf('{"first":1'), 1)).toBe(first);
    expect(first.follow(viewOf('{"second":1'), 1)).toBe(second);
    expect(tree.root.follow(viewOf('{"second":1'), 1)).toBeNull();
    expect(tree.innerOf(first)?.follow(viewOf('{"second":1'), 1)).toBeNull();
    expect(tree.innerOf(first)).toBe(tree.innerOf(first));
  });

  it('takes no key for another that differs in one byte, is longer or goes on behind the text', () => {
    for (const content of ['', 'a', 'ab', 'abcdefg', 'abcdefghijklmno']) {
      const tree = new KeyTree(OBJECT);
      const text = `"${content}":`;
      const isLearned = learn(tree, tree.root, text) !== null;
      expect(isLearned).toBe(content !== '');
      expect(tree.root.follow(viewOf(text), 0) !== null).toBe(isLearned);
      for (let index = 0; index < text.length; index += 1) {
        expect(tree.root.follow(viewOf(`${text.slice(0, index)}?${text.slice(index + 1)}`), 0)).toBeNull();
        expect(tree.root.follow(viewOf(text.slice(0, index)), 0)).toBeNull();
      }
    }
  });

  it('finds each of the keys that came in one place, whichever came last', () => {
    const tree = new KeyTree(OBJECT);
    const texts = ['"a":', '"b":', '"c":', '"d":'];
    const nodes = texts.map((text) => learn(tree, tree.root, text));
    expect(learn(tree, tree.root, '"e":')).toBeNull();
    for (const index of [3, 0, 2, 2, 1, 3, 3, 3, 0, 1])
      expect(tree.root.follow(viewOf(texts[index] as string), 0)).toBe(nodes[index]);
  });

  it('is bounded, whatever comes: by its nodes, by their keys, by their orders', () => {
    const long = `"${'x'.repeat(1000)}":`;
    expect(learnUntilFull((tree, node) => learn(tree, node, '"key":'))).toBeLessThan(1000);
    expect(learnUntilFull((tree, node) => learn(tree, node, long))).toBeLessThan(100);
    expect(learnUntilFull((tree, node) => tree.innerOf(node))).toBeLessThan(1000);
    expect(
      learnUntilFull((tree, node) => {
        const next = learn(tree, node, '"key":');
        if (next !== null) tree.learnOrder(next, new Int32Array(1000));
        return next === null || next.order === null ? null : next;
      }),
    ).toBeLessThan(20);
  });
});

function learnUntilFull(next: (tree: KeyTree, node: KeyNode) => KeyNode | null): number {
  const tree = new KeyTree(OBJECT);
  let node: KeyNode | null = tree.root;
  for (let count = 0; count < 100_000; count += 1) {
    node = next(tree, node);
    if (node === null) return count;
  }
  return Number.POSITIVE_INFINITY;
}
