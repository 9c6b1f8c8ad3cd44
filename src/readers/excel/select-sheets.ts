import { ServiceError } from '../../errors.ts';
import type { ExcelFormat } from '../../model/format.ts';
import type { Sheet } from './workbook.ts';

const MAX_CANDIDATES = 100;

/**
 * The sheets that the option asks for, in the workbook's order. The active sheet is the one that Excel shows first: where that has no cells, or is hidden,
 * the first that is not. Throws SHEET_NOT_FOUND with the names there are.
 */
export function selectSheets(sheets: readonly Sheet[], wanted: ExcelFormat['sheet'], file: string): readonly Sheet[] {
  if (wanted === '*') return sheets;
  const sheet = findSheet(sheets, wanted);
  if (sheet !== undefined) return [sheet];
  throw new ServiceError('SHEET_NOT_FOUND', {
    detail:
      wanted === null ? 'The workbook has no sheet of cells.' : `The workbook has no sheet ${JSON.stringify(wanted)}.`,
    data: { candidates: sheets.slice(0, MAX_CANDIDATES).map(({ name }) => name) },
    place: { file },
  });
}

function findSheet(sheets: readonly Sheet[], wanted: string | number | null): Sheet | undefined {
  if (typeof wanted === 'number') return sheets[wanted];
  if (wanted === null) {
    return (
      sheets.find(({ isActive, isHidden }) => isActive && !isHidden) ??
      sheets.find(({ isHidden }) => !isHidden) ??
      sheets[0]
    );
  }
  // Excel does not tell names apart by case, so no workbook has two that differ in it alone.
  const lowerCase = wanted.toLowerCase();
  return sheets.find(({ name }) => name === wanted) ?? sheets.find(({ name }) => name.toLowerCase() === lowerCase);
}
