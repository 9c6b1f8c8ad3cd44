/** Of a terminal that does not say, such as one on a serial line. */
const USUAL_COLUMNS = 80;

/** Columns of the terminal that an output is; null where it is none. COLUMNS, which shells know and do not export, is somebody's wish. */
export function terminalColumns(
  { COLUMNS: wished = '' }: Readonly<Record<string, string | undefined>>,
  output: { readonly isTTY?: boolean; readonly columns?: number },
): number | null {
  if (output.isTTY !== true) return null;
  return (/^[1-9]\d{0,3}$/.test(wished) ? Number(wished) : output.columns) || USUAL_COLUMNS;
}
