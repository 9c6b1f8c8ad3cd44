import { describe, expect, it } from 'vitest';
import { declaredEncoding } from '../../src/readers/xml-encoding.ts';

describe('The declared encoding of an XML document', () => {
  it.each([
    ['<?xml version="1.0" encoding="ISO-8859-1"?><r/>', 'ISO-8859-1'],
    ["<?xml version='1.0'\n encoding = 'windows-1252' standalone='yes' ?><r/>", 'windows-1252'],
    [' \n<?xml version="1.0" encoding="UTF-7"?><r/>', 'UTF-7'],
    ['<?xml version="1.0"?><r encoding="no"/>', null],
    ['<r><?xml version="1.0" encoding="no"?></r>', null],
    ['<?xml-stylesheet encoding="no"?><r/>', null],
    ['<?xml version="1.0" encoding="utf-16"?><r/>', null],
    ['\u00ef\u00bb\u00bf<?xml version="1.0" encoding="ISO-8859-1"?>', null],
    ['', null],
  ])('of %j is %s', (text, encoding) => {
    expect(declaredEncoding(Buffer.from(text, 'latin1'))).toBe(encoding);
  });

  it('is what the bytes are where they are wide, with and without a mark', () => {
    for (const text of ['<?xml version="1.0" encoding="UTF-8"?><r/>', '\ufeff<r/>', '<r/>']) {
      expect(declaredEncoding(Buffer.from(text, 'utf16le'))).toBe('utf-16le');
      expect(declaredEncoding(Buffer.from(text, 'utf16le').swap16())).toBe('utf-16be');
    }
    expect(declaredEncoding(Buffer.from('3c000000', 'hex'))).toBe('utf-32le');
    expect(declaredEncoding(Buffer.from('0000003c', 'hex'))).toBe('utf-32be');
  });

  it('is read from a view into a larger buffer', () => {
    const bytes = Buffer.from('....<?xml version="1.0" encoding="koi8-r"?>').subarray(4);
    expect(declaredEncoding(bytes)).toBe('koi8-r');
  });
});
