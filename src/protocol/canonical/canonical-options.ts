import type { NumberForm } from '../../model/record.ts';

/** What decides how values are read. Apart from the code that reads them: receivers are given its type, and no more types than they need. */
export interface CanonicalOptions {
  readonly numberForm: NumberForm;
  /** Deepest nesting, a scalar being 0 and `[]` 1: RECORD_TOO_DEEP. */
  readonly maxDepth: number;
}
