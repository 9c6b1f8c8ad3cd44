import type { RecordFilter } from './record-path.ts';

/** More paths than this are not told apart: no feed has so many. */
const MAX_PATHS = 10_000;

/** What is known of one path. */
interface PathNode {
  readonly path: string;
  readonly children: Map<string, PathNode>;
  count: number;
}

/** Counts how often each path occurs in a document, and takes for records what is repeated: what is inside of these need not be looked at. */
export class PathCounter implements RecordFilter {
  readonly #maxDepth: number;
  readonly #top: PathNode = { path: '', children: new Map(), count: 0 };
  /** By depth the elements that are open or were asked for last, the top first; null for those that are not counted. */
  readonly #open: (PathNode | null)[] = [this.#top];
  #pathCount = 0;
  #last: PathNode | null = null;

  /** @param maxDepth elements deeper than this are not counted */
  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /** The paths of the elements directly below a root. */
  get childrenOfRoot(): readonly string[] {
    return this.#belowRoot().map(({ path }) => path);
  }

  isRecord(name: string, open: readonly string[]): boolean {
    const node = this.#nodeOf(name, open.length);
    this.#open[open.length + 1] = node;
    if (node === null) return false;
    this.#last = node;
    if (node.count > 0 && open.length > 0) return true;
    node.count += 1;
    return false;
  }

  /** Counts what was taken for a record last: it, or another that follows it. */
  countRecord(): void {
    if (this.#last !== null) this.#last.count += 1;
  }

  /** The most frequent path that occurs several times and is not inside of such a one; of equals the outermost, then the first. Null: there is none. */
  mostRepeated(): string | null {
    let best: PathNode | null = null;
    const nodes = this.#belowRoot();
    for (const node of nodes) {
      if (node.count === 1) nodes.push(...node.children.values());
      else if (best === null || node.count > best.count) best = node;
    }
    return best?.path ?? null;
  }

  #belowRoot(): PathNode[] {
    return [...this.#top.children.values()].flatMap((root) => [...root.children.values()]);
  }

  #nodeOf(name: string, depth: number): PathNode | null {
    const parent = this.#open[depth] as PathNode | null;
    if (parent === null || depth > this.#maxDepth) return null;
    const known = parent.children.get(name);
    if (known !== undefined) return known;
    if (this.#pathCount > MAX_PATHS) return null;
    const path = parent.path === '' ? name : `${parent.path}/${name}`;
    const node = { path, children: new Map(), count: 0 };
    parent.children.set(name, node);
    this.#pathCount += 1;
    return node;
  }
}
