import type { ZipEntry } from '../../archive/zip-archive.ts';
import { ServiceError } from '../../errors.ts';
import type { Source } from '../../sources/source.ts';
import { describeForeignPackage, refuseForeignFile } from './foreign-file.ts';
import type { NumberFormat } from './number-format.ts';
import { OfficePackage, type Relationship } from './package.ts';
import { SharedStrings } from './shared-strings.ts';
import { StylesHandler } from './styles.ts';
import type { XmlAttributes } from './xml-parser.ts';

/** A sheet of cells. */
export interface Sheet {
  readonly name: string;
  readonly isHidden: boolean;
  readonly isActive: boolean;
  readonly entry: ZipEntry;
}

/** What the sheets of a workbook have in common. */
export interface Workbook {
  readonly package: OfficePackage;
  /** Its worksheets, in its order; sheets of other kinds hold no cells. */
  readonly sheets: readonly Sheet[];
  readonly isDate1904: boolean;
  /** By the index of a cell's style. */
  readonly formats: readonly NumberFormat[];
  readonly sharedStrings: SharedStrings;
}

interface SheetTag {
  readonly name: string;
  readonly relationId: string | undefined;
  readonly isHidden: boolean;
}

/** What stands in the workbook's own part. */
interface WorkbookTags {
  readonly sheets: SheetTag[];
  /** Null: no window was met yet. */
  activeTab: number | null;
  isDate1904: boolean;
}

/**
 * Opens a workbook and reads all but its sheets; its shared strings must be released. Throws FORMAT_MISMATCH, saying what the file is instead, SOURCE_ENCRYPTED and what reading
 * archives and XML throws.
 * @param maxTextLength of characters: what is longer cannot be part of a record
 */
export async function openWorkbook(source: Source, maxTextLength: number): Promise<Workbook> {
  await refuseForeignFile(source);
  const officePackage = await OfficePackage.open(source);
  const main = (await officePackage.relationships('')).find(({ type }) => type === 'officeDocument')?.entry;
  if (main === undefined || !/workbook[^/]*\.xml$/i.test(main.name)) {
    const detail = describeForeignPackage(main?.name, (name) => officePackage.find(name) !== undefined);
    throw new ServiceError('FORMAT_MISMATCH', { detail, place: { file: source.name } });
  }
  const tags: WorkbookTags = { sheets: [], activeTab: null, isDate1904: false };
  await officePackage.parseSmall(main, {
    open: (name, attributes) => readTag(tags, name, attributes),
    text: () => undefined,
    close: () => undefined,
  });
  const relationships = await officePackage.relationships(main.name);
  const partOf = (wanted: string) => relationships.find(({ type }) => type === wanted)?.entry;
  const styles = new StylesHandler();
  const stylesEntry = partOf('styles');
  if (stylesEntry !== undefined) await officePackage.parseSmall(stylesEntry, styles);
  const sheets = worksheetsOf(tags, relationships, source.name);
  const sharedStrings = await readSharedStrings(officePackage, partOf('sharedStrings'), maxTextLength);
  return { package: officePackage, sheets, isDate1904: tags.isDate1904, formats: styles.formats, sharedStrings };
}

function readTag(tags: WorkbookTags, name: string, attributes: XmlAttributes): void {
  if (name === 'workbookPr') tags.isDate1904 = ['1', 'true', 'on'].includes(attributes.date1904 ?? '');
  // Several windows may look at one workbook: the first is the one that is opened.
  else if (name === 'workbookView') tags.activeTab ??= Number(attributes.activeTab ?? 0);
  else if (name === 'sheet') {
    const relation = Object.entries(attributes).find(([key]) => key.endsWith(':id'));
    tags.sheets.push({
      name: attributes.name ?? '',
      relationId: relation?.[1],
      isHidden: (attributes.state ?? 'visible') !== 'visible',
    });
  }
}

/** The sheets of cells. Throws READER_SYNTAX where two are one. */
function worksheetsOf(
  { sheets, activeTab }: WorkbookTags,
  relationships: readonly Relationship[],
  file: string,
): Sheet[] {
  const worksheets = new Map(
    relationships.flatMap(({ id, type, entry }) => (type === 'worksheet' && entry !== undefined ? [[id, entry]] : [])),
  );
  const worksheetsInOrder = sheets.flatMap(({ name, relationId, isHidden }, index) => {
    const entry = worksheets.get(relationId ?? '');
    return entry === undefined ? [] : [{ name, isHidden, isActive: index === (activeTab ?? 0), entry }];
  });
  // A small workbook could ask to read one part without end.
  if (new Set(worksheetsInOrder.map(({ entry }) => entry)).size === worksheetsInOrder.length) return worksheetsInOrder;
  throw new ServiceError('READER_SYNTAX', { detail: 'Two sheets of the workbook are the same part.', place: { file } });
}

async function readSharedStrings(
  officePackage: OfficePackage,
  entry: ZipEntry | undefined,
  maxTextLength: number,
): Promise<SharedStrings> {
  const strings = new SharedStrings(maxTextLength);
  if (entry === undefined) return strings;
  try {
    await officePackage.parse(entry, strings);
    return strings;
  } catch (error) {
    strings.release();
    throw error;
  }
}
