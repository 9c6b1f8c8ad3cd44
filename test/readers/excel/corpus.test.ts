/**
 * Every cell of workbooks made by many programs, held against what another implementation, exceljs, reads as a whole. Dates are compared as moments, since it has no
 * other form for them; cells that a merge covers have no value here, where it repeats that of the first.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ExcelJS, { type Cell, type CellValue, type Worksheet } from 'exceljs';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { nameColumns } from '../../../src/readers/column-names.ts';
import { createExcelReader } from '../../../src/readers/excel-reader.ts';
import { memorySource } from '../../contracts/memory-source.ts';
import { type ReadResult, readAll } from '../../contracts/reader-suite.ts';
import { corpusFolder } from '../../protocol/corpora.ts';

const folder = corpusFolder('xlsx-exceljs');
/** The one lacks the relationships by which the parts of a workbook are found; the sheet of the other goes on behind its end. */
const REFUSED: Readonly<Record<string, ErrorCode>> = {
  'missing-bits.xlsx': 'FORMAT_MISMATCH',
  'invalid-xml.xlsx': 'READER_SYNTAX',
};
/** A rule for the input of whole columns is more than exceljs can take. */
const TOO_MUCH_FOR_EXCELJS: Readonly<Record<string, number>> = { 'test-issue-1842.xlsx': 0 };

const workbooksIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.xlsx'))
    .toSorted();

/** What a record should hold for a cell: as JSON, or as a moment that its text stands for. */
function expectedOf(value: CellValue): unknown {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return { moment: value.getTime() };
  if (typeof value !== 'object') return value;
  if ('richText' in value) return value.richText.map(({ text }) => text).join('');
  if ('error' in value) return value.error;
  return 'text' in value ? expectedOf(value.text) : value;
}

function expectedCell(cell: Cell): unknown {
  if (cell.isMerged && cell.master !== cell) return null;
  // Its `value` leaves results out that are 0, false or empty.
  return expectedOf(cell.type === ExcelJS.ValueType.Formula ? cell.result : cell.value);
}

/** The rows of a sheet that hold anything, by number, as lists of cells. */
function rowsOf(sheet: Worksheet): Map<number, unknown[]> {
  const rows = new Map<number, unknown[]>();
  sheet.eachRow((row, number) => {
    const cells = Array.from({ length: row.cellCount }, (_, index) => expectedCell(row.getCell(index + 1)));
    if (cells.some((cell) => cell !== null)) rows.set(number, cells);
  });
  return rows;
}

function momentOf(text: string, isDate1904: boolean): number {
  const duration = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(text);
  if (duration !== null) {
    const [hours, minutes, seconds] = duration.slice(1).map((part) => Number(part ?? 0)) as [number, number, number];
    return (
      Date.UTC(isDate1904 ? 1904 : 1899, isDate1904 ? 0 : 11, isDate1904 ? 1 : 30) +
      ((hours * 60 + minutes) * 60 + seconds) * 1000
    );
  }
  if (/^\d\d:/.test(text)) return Date.parse(`1899-12-30T${text}Z`);
  return Date.parse(text.includes('T') ? `${text}Z` : `${text}T00:00:00Z`);
}

function expectSame(result: ReadResult, sheet: Worksheet, isDate1904: boolean): number {
  expect(result.error).toBeNull();
  const rows = [...rowsOf(sheet)];
  const [header, ...rest] = rows;
  expect(result.records.map(({ position }) => position.line)).toEqual(rest.map(([number]) => number));
  if (header === undefined) return 0;
  let last = header[1].length;
  while (header[1][last - 1] === null) last -= 1;
  const headerTexts = header[1]
    .slice(0, last)
    .map((cell) => (typeof cell === 'string' || cell === null ? cell : JSON.stringify(cell)));
  const names = nameColumns(headerTexts);
  let cellCount = 0;
  for (const [index, [number, cells]] of rest.entries()) {
    const record = JSON.parse(result.records[index]?.text ?? '') as Record<string, unknown>;
    const expected: Record<string, unknown> = Object.fromEntries(names.map((name) => [name, null]));
    for (const [column, cell] of cells.entries()) {
      const name = names[column] ?? `column_${column + 1}`;
      if (cell !== null || column < names.length) expected[name] = cell;
      if (cell !== null && typeof cell === 'object' && 'moment' in cell) {
        record[name] = { moment: momentOf(String(record[name]), isDate1904) };
      }
      cellCount += 1;
    }
    expect(record, `row ${number} of ${sheet.name}`).toEqual(expected);
  }
  return cellCount;
}

const read = (bytes: Uint8Array, sheet: string | null): Promise<ReadResult> =>
  readAll(createExcelReader({ sheet, headerRow: null, emptyRows: 'skip' }), memorySource(bytes));

describe.runIf(folder !== undefined)('Workbooks of many programs', () => {
  const names = workbooksIn(folder ?? '.');
  let comparedCells = 0;
  const isCompared = (name: string) => !(name in REFUSED || name in TOO_MUCH_FOR_EXCELJS);

  it.each(names.filter(isCompared))('%s gives the cells that exceljs reads', async (name) => {
    const bytes = readFileSync(join(folder ?? '.', name));
    const workbook = new ExcelJS.Workbook();
    await workbook.xlsx.load(bytes as unknown as ArrayBuffer);
    for (const sheet of workbook.worksheets) {
      comparedCells += expectSame(await read(bytes, sheet.name), sheet, workbook.properties.date1904);
    }
  });

  it('held many cells', () => {
    expect(comparedCells).toBeGreaterThan(10_000);
  });

  it.each(Object.entries(TOO_MUCH_FOR_EXCELJS))('%s gives %i records', async (name, recordCount) => {
    const { records, error } = await read(readFileSync(join(folder ?? '.', name)), null);
    expect(error).toBeNull();
    expect(records).toHaveLength(recordCount);
  });

  it.each(Object.entries(REFUSED))('%s is refused: %s', async (name, code) => {
    const { error } = await read(readFileSync(join(folder ?? '.', name)), null);
    expect(error?.code).toBe(code);
  });
});
