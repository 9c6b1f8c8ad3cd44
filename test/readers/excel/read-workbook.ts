import { DEFAULT_FORMATS, type ExcelFormat } from '../../../src/model/format.ts';
import { createExcelReader } from '../../../src/readers/excel-reader.ts';
import type { ReaderOptions } from '../../../src/readers/reader.ts';
import { memorySource } from '../../contracts/memory-source.ts';
import { type ReadResult, readAll } from '../../contracts/reader-suite.ts';

/** Reads a workbook from its start. */
export function readBytes(
  bytes: Uint8Array,
  format: Partial<ExcelFormat> = {},
  options: Partial<ReaderOptions> = {},
): Promise<ReadResult> {
  return readAll(createExcelReader({ ...DEFAULT_FORMATS.excel, ...format }), memorySource(bytes), options);
}

/** The records of a sound workbook, as texts. */
export async function recordsOf(
  bytes: Uint8Array,
  format: Partial<ExcelFormat> = {},
  options: Partial<ReaderOptions> = {},
): Promise<string[]> {
  const { records, error } = await readBytes(bytes, format, options);
  if (error !== null) throw error;
  return records.map(({ text }) => text);
}
