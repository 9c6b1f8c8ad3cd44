/*
 * The parts of a workbook (ECMA-376, SpreadsheetML) beside its sheets: only what a reader must have.
 */
import type { ColumnKind } from './product-columns.ts';
import { escapeAttribute, escapeText } from './xml-text.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
/** Namespace of the parts of a workbook. */
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const CONTENT_TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

const FIRST_CUSTOM_FORMAT = 164;
/** By kind of column, its number format. Style 0 of the workbook is General, the others follow in this order. */
const NUMBER_FORMATS: Partial<Record<ColumnKind, string>> = {
  date: 'yyyy\\-mm\\-dd',
  dateTime: 'yyyy\\-mm\\-dd hh:mm:ss',
  duration: '[h]:mm',
};

/** Index of the style of a column's cells, 0 where they need none. */
export function styleOf(kind: ColumnKind): number {
  return Object.keys(NUMBER_FORMATS).indexOf(kind) + 1;
}

/** The parts beside sheets and shared strings, by their paths in the package. */
export function workbookParts(sheetNames: readonly string[]): ReadonlyMap<string, string> {
  return new Map([
    ['[Content_Types].xml', contentTypes(sheetNames.length)],
    ['_rels/.rels', relationships([['officeDocument', 'xl/workbook.xml']])],
    ['xl/workbook.xml', workbook(sheetNames)],
    [
      'xl/_rels/workbook.xml.rels',
      relationships([
        ...sheetNames.map((_, index) => ['worksheet', `worksheets/sheet${index + 1}.xml`] as const),
        ['styles', 'styles.xml'],
        ['sharedStrings', 'sharedStrings.xml'],
      ]),
    ],
    ['xl/styles.xml', styles()],
  ]);
}

/** The part with the texts to which cells refer by their index. */
export function sharedStrings(texts: readonly string[]): string {
  const items = texts.map((text) => `<si><t xml:space="preserve">${escapeText(text)}</t></si>`).join('');
  return `${DECLARATION}<sst xmlns="${MAIN}" uniqueCount="${texts.length}">${items}</sst>`;
}

/** What comes before the rows of a sheet, and what comes after them. */
export const SHEET_START = `${DECLARATION}<worksheet xmlns="${MAIN}"><sheetData>`;
export const SHEET_END = '</sheetData></worksheet>';

function contentTypes(sheetCount: number): string {
  const types = [
    ['/xl/workbook.xml', 'sheet.main'],
    ...Array.from({ length: sheetCount }, (_, index) => [`/xl/worksheets/sheet${index + 1}.xml`, 'worksheet']),
    ['/xl/styles.xml', 'styles'],
    ['/xl/sharedStrings.xml', 'sharedStrings'],
  ].map(([part, type]) => `<Override PartName="${part}" ContentType="${CONTENT_TYPES}.${type}+xml"/>`);
  return `${DECLARATION}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="application/xml"/>${types.join('')}</Types>`;
}

function relationships(targets: readonly (readonly [type: string, target: string])[]): string {
  const links = targets.map(
    ([type, target], index) =>
      `<Relationship Id="rId${index + 1}" Type="${RELATIONSHIPS}/${type}" Target="${target}"/>`,
  );
  return `${DECLARATION}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">\
${links.join('')}</Relationships>`;
}

function workbook(sheetNames: readonly string[]): string {
  const sheets = sheetNames.map(
    (name, index) => `<sheet name="${escapeAttribute(name)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`,
  );
  return `${DECLARATION}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONSHIPS}"><sheets>${sheets.join('')}</sheets></workbook>`;
}

function styles(): string {
  const codes = Object.values(NUMBER_FORMATS);
  const formats = codes.map(
    (code, index) => `<numFmt numFmtId="${FIRST_CUSTOM_FORMAT + index}" formatCode="${escapeAttribute(code)}"/>`,
  );
  const cellFormats = [0, ...codes.map((_, index) => FIRST_CUSTOM_FORMAT + index)].map(
    (id) => `<xf numFmtId="${id}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>`,
  );
  return `${DECLARATION}<styleSheet xmlns="${MAIN}">\
<numFmts count="${formats.length}">${formats.join('')}</numFmts>\
<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="${cellFormats.length}">${cellFormats.join('')}</cellXfs></styleSheet>`;
}
