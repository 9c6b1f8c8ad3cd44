/** The types of JSON values; numbers without a fraction are told apart. */
const TYPES = ['string', 'integer', 'number', 'boolean', 'null', 'object', 'array'] as const;

/** A field of the records, with what it was seen to hold. */
export interface PreviewField {
  /** Names joined by dots, `[]` standing for the elements of an array: `price.amount`, `tags[]`; `""` is the record itself, where it is no object. */
  readonly path: string;
  readonly types: readonly (typeof TYPES)[number][];
  /** How often it was met. */
  readonly count: number;
  /** Different values, as JSON has them, cut. */
  readonly examples: readonly string[];
}

/** Different fields that are told apart: records whose keys are data have any number. */
const MAX_FIELDS = 500;
const MAX_EXAMPLES = 3;
const MAX_EXAMPLE_CHARACTERS = 80;
/** Fields deeper than this are told as part of what holds them. */
const MAX_DEPTH = 8;

interface Seen {
  readonly types: Set<(typeof TYPES)[number]>;
  readonly examples: Set<string>;
  count: number;
}

/** Gathers which fields records have. Values are told as the text has them: a number of 18 digits keeps them all. */
export class FieldSummary {
  readonly #seen = new Map<string, Seen>();

  /** @param record one record as JSON text */
  take(record: string): void {
    const texts = new Map<object, Map<string, string>>();
    const value: unknown = JSON.parse(
      record,
      function keep(this: object, key, item: unknown, context?: { source?: string }) {
        if (typeof item === 'number' && context?.source !== undefined) {
          const ofHolder = texts.get(this) ?? new Map<string, string>();
          texts.set(this, ofHolder.set(key, context.source));
        }
        return item;
      },
    );
    const isContainer = typeof value === 'object' && value !== null;
    if (!isContainer || Array.isArray(value)) this.#note('', value, isContainer ? null : record);
    if (isContainer) this.#walk(value, Array.isArray(value) ? '[]' : '', { texts, depth: 1 });
  }

  get fields(): readonly PreviewField[] {
    return [...this.#seen].map(([path, { types, count, examples }]) => ({
      path,
      types: TYPES.filter((type) => types.has(type)),
      count,
      examples: [...examples],
    }));
  }

  #walk(
    holder: object,
    path: string,
    { texts, depth }: { readonly texts: ReadonlyMap<object, ReadonlyMap<string, string>>; readonly depth: number },
  ): void {
    for (const [key, value] of Object.entries(holder)) {
      const ownPath = Array.isArray(holder) ? path : path === '' ? key : `${path}.${key}`;
      const isContainer = typeof value === 'object' && value !== null;
      this.#note(ownPath, value, isContainer ? null : (texts.get(holder)?.get(key) ?? JSON.stringify(value)));
      if (!isContainer || depth === MAX_DEPTH) continue;
      this.#walk(value, Array.isArray(value) ? `${ownPath}[]` : ownPath, { texts, depth: depth + 1 });
    }
  }

  #note(path: string, value: unknown, text: string | null): void {
    const seen = this.#seen.get(path) ?? { types: new Set(), examples: new Set(), count: 0 };
    if (seen.count === 0) {
      if (this.#seen.size >= MAX_FIELDS) return;
      this.#seen.set(path, seen);
    }
    seen.count += 1;
    seen.types.add(typeOf(value, text));
    if (text === null || text === 'null' || seen.examples.size === MAX_EXAMPLES) return;
    seen.examples.add(text.length > MAX_EXAMPLE_CHARACTERS ? `${text.slice(0, MAX_EXAMPLE_CHARACTERS)}…` : text);
  }
}

function typeOf(value: unknown, text: string | null): (typeof TYPES)[number] {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return /[.e]/i.test(text ?? '') ? 'number' : 'integer';
  if (typeof value === 'string') return 'string';
  return typeof value === 'boolean' ? 'boolean' : 'object';
}
