import { stat } from 'node:fs/promises';
import ExcelJS from 'exceljs';
import type { Way } from './way.ts';

/** The rows of a workbook as exceljs's streaming reader gives them, dates by their style as ours. The header is not counted. */
export const exceljs: Way = async (path) => {
  let recordCount = 0;
  const workbook = new ExcelJS.stream.xlsx.WorkbookReader(path, { sharedStrings: 'cache', styles: 'cache' });
  for await (const sheet of workbook) {
    for await (const row of sheet) {
      if (row.number > 1) recordCount += 1;
    }
  }
  return { recordCount, byteCount: (await stat(path)).size };
};
