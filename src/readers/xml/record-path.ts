import { localName } from './member-keys.ts';

/** Says which elements are records. */
export interface RecordFilter {
  /** @param open the elements around it, as the document names them, outermost first */
  isRecord(name: string, open: readonly string[]): boolean;
}

/** Those of a name, below the root and not inside of each other, or those at a path of names from the root. */
export class RecordPath implements RecordFilter {
  readonly #names: readonly string[];
  readonly #isLocal: boolean;

  /** @param isLocal whether namespace prefixes are left out of all names */
  constructor(recordPath: string, isLocal: boolean) {
    const names = recordPath.split('/');
    this.#names = isLocal ? names.map(localName) : names;
    this.#isLocal = isLocal;
  }

  isRecord(name: string, open: readonly string[]): boolean {
    const names = this.#names;
    const last = names.length - 1;
    if (!this.#isSame(name, names[last] as string)) return false;
    if (last === 0) return open.length > 0;
    return open.length === last && open.every((openName, index) => this.#isSame(openName, names[index] as string));
  }

  #isSame(name: string, asked: string): boolean {
    return (this.#isLocal ? localName(name) : name) === asked;
  }
}
