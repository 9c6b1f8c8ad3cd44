import { cutText } from '../model/cut-text.ts';
import { VALUE_TYPES, type ValueType, walkRecord } from './walk-record.ts';

/** A field of the records, with what it was seen to hold. */
export interface PreviewField {
  /** As {@link walkRecord} has it; `""` is the record itself, where it is no object. */
  readonly path: string;
  readonly types: readonly ValueType[];
  /** How often it was met. */
  readonly count: number;
  /** Different values, as JSON has them, cut. */
  readonly examples: readonly string[];
}

/** Different fields that are told apart: records whose keys are data have any number. */
const MAX_FIELDS = 500;
const MAX_EXAMPLES = 3;
const MAX_EXAMPLE_CHARACTERS = 80;

interface Seen {
  readonly types: Set<ValueType>;
  readonly examples: Set<string>;
  count: number;
}

/** Gathers which fields records have. */
export class FieldSummary {
  readonly #seen = new Map<string, Seen>();

  /** @param record one record as canonical JSON */
  take(record: string): void {
    walkRecord(record, (path, type, text) => {
      if (path !== '' || type !== 'object') this.#note(path, type, text);
    });
  }

  get fields(): readonly PreviewField[] {
    return [...this.#seen].map(([path, { types, count, examples }]) => ({
      path,
      types: VALUE_TYPES.filter((type) => types.has(type)),
      count,
      examples: [...examples],
    }));
  }

  #note(path: string, type: ValueType, text: string | null): void {
    const seen = this.#seen.get(path) ?? { types: new Set(), examples: new Set(), count: 0 };
    if (seen.count === 0) {
      if (this.#seen.size >= MAX_FIELDS) return;
      this.#seen.set(path, seen);
    }
    seen.count += 1;
    seen.types.add(type);
    if (text === null || type === 'null' || seen.examples.size === MAX_EXAMPLES) return;
    seen.examples.add(cutText(text, MAX_EXAMPLE_CHARACTERS));
  }
}
