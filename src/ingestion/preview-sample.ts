import { type BadRecord, isBadRecord, type ReadItem } from '../model/record.ts';
import { FieldSummary, type PreviewField } from './field-summary.ts';

/** Records and bad records from which fields are told: enough to see the rare ones, few enough to be read at once. */
const MAX_SAMPLED_ITEMS = 1_000;
const MAX_SAMPLED_BYTES = 16 * 1024 * 1024;
/** Bad records that are shown. */
const MAX_SHOWN_REJECTS = 20;
/** What is shown of the records themselves, beside their number. */
const MAX_SHOWN_BYTES = 1024 * 1024;

/** What the first items of a feed show. */
export interface SampleFindings {
  /** The first records as canonical JSON. */
  readonly records: readonly string[];
  readonly fields: readonly PreviewField[];
  /** The first bad records. */
  readonly rejects: readonly BadRecord[];
  /** How many records, and how many bad ones, were looked at. */
  readonly recordCount: number;
  readonly rejectCount: number;
}

/** Looks at the first items of a feed as they pass. */
export class PreviewSample {
  readonly #maxShownRecords: number;
  readonly #records: string[] = [];
  readonly #rejects: BadRecord[] = [];
  readonly #fields = new FieldSummary();
  #recordCount = 0;
  #rejectCount = 0;
  #byteCount = 0;

  constructor(maxShownRecords: number) {
    this.#maxShownRecords = maxShownRecords;
  }

  /** Whether enough was seen. */
  get isFull(): boolean {
    return this.#recordCount + this.#rejectCount >= MAX_SAMPLED_ITEMS || this.#byteCount >= MAX_SAMPLED_BYTES;
  }

  /** Looks at an item, unless enough was seen. */
  take(item: ReadItem): void {
    if (this.isFull) return;
    if (isBadRecord(item)) {
      this.#rejectCount += 1;
      this.#byteCount += item.raw.length;
      if (this.#rejects.length < MAX_SHOWN_REJECTS) this.#rejects.push(item);
      return;
    }
    const text = new TextDecoder().decode(item.bytes);
    const isShown = this.#records.length < this.#maxShownRecords && this.#byteCount + text.length <= MAX_SHOWN_BYTES;
    if (isShown) this.#records.push(text);
    this.#recordCount += 1;
    this.#byteCount += item.bytes.length;
    this.#fields.take(text);
  }

  get findings(): SampleFindings {
    return {
      records: this.#records,
      fields: this.#fields.fields,
      rejects: this.#rejects,
      recordCount: this.#recordCount,
      rejectCount: this.#rejectCount,
    };
  }
}
