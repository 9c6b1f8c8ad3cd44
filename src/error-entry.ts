/** How one error code is told to a person, to an HTTP client and to a shell. */
export interface ErrorEntry {
  /** What happened, one sentence without the particulars. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  readonly httpStatus: number;
  /** Exit code of the command line: 1 failed, 2 wrong use or settings, 3 unreachable or busy, 4 conflict. */
  readonly exitCode: number;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

/** How a code is told to machines, with what most codes have left out: exit code 1, not retryable. */
type Codes = Pick<ErrorEntry, 'httpStatus'> & Partial<Pick<ErrorEntry, 'exitCode' | 'retryable'>>;

/** Makes one. */
export function entry(
  message: string,
  remedy: string,
  { httpStatus, exitCode = 1, retryable = false }: Codes,
): ErrorEntry {
  return { message, remedy, httpStatus, exitCode, retryable };
}
