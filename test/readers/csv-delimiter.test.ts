import { describe, expect, it } from 'vitest';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import { findDelimiter } from '../../src/readers/csv-delimiter.ts';

const find = (head: string): string => findDelimiter(Buffer.from(head), DEFAULT_FORMATS.csv, false);

describe('findDelimiter', () => {
  it.each([
    ['a comma', 'a,b,c\n1,2,3\n', ','],
    ['a semicolon', 'a;b;c\n1;2;3\n', ';'],
    ['a tab', 'a\tb\n1\t2\n', '\t'],
    ['a bar', 'a|b\n1|2\n', '|'],
    ['the comma in a file of one column', 'name\nx\ny\n', ','],
    ['the comma in an empty file', '', ','],
    ['the comma in a file of one column with prose', 'text\nwell; so, and so\nyes | no\n', ','],
    ['the comma where the other delimiter stands in few rows', 'a;b\n1\n2\n3\n', ','],
    ['semicolons between decimal commas', 'id;price;weight\n1;1,50;2,5\n2;3,00;1,0\n', ';'],
    ['semicolons between decimal commas without a header', '0,5;1,5\n0,7;2,5\n', ';'],
    ['semicolons beside names with commas', '"Name, first";"Price, net"\n"a, b";"1,5"\n', ';'],
    ['commas outside of quotes that hold semicolons', '"a;b","c;d;e"\n"1;2;3","4"\n', ','],
    ['the one that quotes agree with', '"a",b;c\n"1",2;3\n', ','],
    ['commas beside lists of semicolons', 'id,tags,more\n1,a;b,c\n2,c,d;e;f\n3,,\n', ','],
    ['tabs beside prose', 'id\ttext\n1\tone, two, three; four\n2\tfive\n', '\t'],
    ['the one with more columns of two that fit', 'a;b|c;d\n1;2|3;4\n', ';'],
    ['the one that fits more rows', 'a,b;c\n1,2;3\n1,2\n1,2\n', ','],
    ['semicolons in rows that span lines', 'a;b\n"1,\n,";2\n"\n,\n";3\n', ';'],
    ['a delimiter although blank lines stand between rows', '\n\na;b\n\n1;2\n', ';'],
    ['a delimiter in a header alone', 'a|b', '|'],
    ['a delimiter although the head breaks off in a row', 'a;b;c\n1;2;3\n4;5', ';'],
    ['a delimiter although the head breaks off in the second row', 'id;price;weight, kg\n1;1,5', ';'],
    ['a delimiter although the head breaks off in quotes', 'a;b\n1;2\n3;"x,\n\n,\n,', ';'],
  ])('finds %s', (_, head, delimiter) => {
    expect(find(head)).toBe(delimiter);
  });

  it('finds no character that has another meaning', () => {
    const head = Buffer.from('|a|,|b|\n|1|,|2|\n');
    expect(findDelimiter(head, { ...DEFAULT_FORMATS.csv, quote: '|', escape: '|' }, false)).toBe(',');
    expect(findDelimiter(Buffer.from('a;b\n1;2\n'), { ...DEFAULT_FORMATS.csv, escape: ';' }, false)).toBe(',');
  });

  it('looks at the first rows only', () => {
    expect(find(`${'a;b\n'.repeat(100)}${'1,2,3\n'.repeat(500)}`)).toBe(';');
  });
});
