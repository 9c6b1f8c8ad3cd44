import { type WrittenEntry, writeZip } from '../../archive/zip-writer.ts';

/** The parts of a workbook, as XML; what is left out is as Excel would have it. */
export interface WrittenWorkbook {
  readonly sheets: readonly WrittenSheet[];
  /** `<si>` elements. */
  readonly sharedStrings?: string;
  /** Format codes: the style of index n, from 1, is the n-th; 0 is the general one. */
  readonly formats?: readonly string[];
  /** Ids of built-in formats, as styles behind those. */
  readonly builtInFormats?: readonly number[];
  readonly isDate1904?: boolean;
  readonly activeTab?: number;
  /** Other files, which also replace those that are made. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A sheet, by what stands in its `sheetData`, or by its whole XML. */
export interface WrittenSheet {
  readonly name?: string;
  readonly rows?: string;
  readonly xml?: string;
  readonly state?: 'hidden' | 'veryHidden';
  readonly type?: string;
}

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const FIRST_CUSTOM_FORMAT = 164;

/** The bytes of a workbook. */
export function writeWorkbook(workbook: WrittenWorkbook): Buffer {
  return writeZip(entriesOf(workbook));
}

/** The files of a workbook. */
export function entriesOf({
  sheets,
  sharedStrings,
  formats = [],
  builtInFormats = [],
  isDate1904 = false,
  activeTab = 0,
  files = {},
}: WrittenWorkbook): WrittenEntry[] {
  const sheetTags = sheets.map(
    ({ name, state = 'visible' }, index) =>
      `<sheet name="${name ?? `Sheet${index + 1}`}" sheetId="${index + 1}" state="${state}" r:id="rId${index + 1}"/>`,
  );
  const sheetRelations = sheets.map(({ type = 'worksheet' }, index) =>
    relation(`rId${index + 1}`, type, `worksheets/sheet${index + 1}.xml`),
  );
  const codes = formats.map(
    (code, index) => `<numFmt numFmtId="${FIRST_CUSTOM_FORMAT + index}" formatCode="${escapeXml(code)}"/>`,
  );
  const formatIds = [0, ...formats.map((_, index) => FIRST_CUSTOM_FORMAT + index), ...builtInFormats];
  const parts: Record<string, string> = {
    '_rels/.rels': relations([relation('rId1', 'officeDocument', 'xl/workbook.xml')]),
    'xl/workbook.xml': `${HEAD}<workbook ${MAIN} xmlns:r="${RELATIONS}"><workbookPr date1904="${isDate1904 ? 1 : 0}"/><bookViews><workbookView activeTab="${activeTab}"/></bookViews><sheets>${sheetTags.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations([
      ...sheetRelations,
      relation('rIdStyles', 'styles', 'styles.xml'),
      ...(sharedStrings === undefined ? [] : [relation('rIdStrings', 'sharedStrings', '/xl/sharedStrings.xml')]),
    ]),
    'xl/styles.xml': `${HEAD}<styleSheet ${MAIN}><numFmts>${codes.join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${formatIds.map((id) => `<xf numFmtId="${id}"/>`).join('')}</cellXfs></styleSheet>`,
    ...(sharedStrings === undefined ? {} : { 'xl/sharedStrings.xml': `${HEAD}<sst ${MAIN}>${sharedStrings}</sst>` }),
    ...Object.fromEntries(
      sheets.map((sheet, index) => [`xl/worksheets/sheet${index + 1}.xml`, sheet.xml ?? sheetXml(sheet.rows ?? '')]),
    ),
    ...files,
  };
  return Object.entries(parts).map(([name, content]) => ({ name, bytes: Buffer.from(content) }));
}

/** A sheet's XML around rows. */
export function sheetXml(rows: string): string {
  return `${HEAD}<worksheet ${MAIN}><sheetData>${rows}</sheetData></worksheet>`;
}

/** A row without a number of cells with inline strings; a cell that begins with `<` is XML already. */
export function row(cells: readonly string[], attributes = ''): string {
  return `<row${attributes}>${cells.map((cell) => (cell.startsWith('<') ? cell : inline(cell))).join('')}</row>`;
}

/** A cell with an inline string. */
export function inline(text: string): string {
  return `<c t="inlineStr"><is><t>${escapeXml(text)}</t></is></c>`;
}

function relation(id: string, type: string, target: string): string {
  return `<Relationship Id="${id}" Type="${RELATIONS}/${type}" Target="${target}"/>`;
}

function relations(tags: readonly string[]): string {
  return `${HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${tags.join('')}</Relationships>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
