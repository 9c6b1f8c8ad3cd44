import { type BadRecord, isBadRecord, type ReadItem } from '../model/record.ts';
import { FieldSummary, type PreviewField } from './field-summary.ts';

/** Records and bad records from which fields are told: enough to see the rare ones, few enough to be read at once. */
const MAX_SAMPLED_ITEMS = 1_000;
const MAX_SAMPLED_BYTES = 16 * 1024 * 1024;
/** Bad records that are shown. */
const MAX_SHOWN_REJECTS = 20;
/** Bytes of the first records up to which they are shown, whatever their number. */
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
  #recordBytes = 0;
  #rejectBytes = 0;

  constructor(maxShownRecords: number) {
    this.#maxShownRecords = maxShownRecords;
  }

  /** Whether enough was seen. */
  get isFull(): boolean {
    const itemCount = this.#recordCount + this.#rejectCount;
    return itemCount >= MAX_SAMPLED_ITEMS || this.#recordBytes + this.#rejectBytes >= MAX_SAMPLED_BYTES;
  }

  /** Looks at an item, unless enough was seen. */
  take(item: ReadItem): void {
    if (this.isFull) return;
    if (isBadRecord(item)) {
      this.#rejectCount += 1;
      this.#rejectBytes += item.raw.length;
      if (this.#rejects.length < MAX_SHOWN_REJECTS) this.#rejects.push(item);
      return;
    }
    const text = new TextDecoder().decode(item.bytes);
    this.#recordCount += 1;
    this.#recordBytes += item.bytes.length;
    const isShown = this.#records.length < this.#maxShownRecords && this.#recordBytes <= MAX_SHOWN_BYTES;
    if (isShown) this.#records.push(text);
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
