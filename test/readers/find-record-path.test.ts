import { describe, expect, it } from 'vitest';
import type { ServiceError } from '../../src/errors.ts';
import { findRecordPath } from '../../src/readers/find-record-path.ts';
import { memorySource } from '../contracts/memory-source.ts';

const find = (text: string): Promise<string> =>
  findRecordPath({ ...memorySource(Buffer.from(text), () => 1000), name: 'feed.json' }, { maxDepth: 20 });
const failureOf = async (text: string): Promise<ServiceError> => {
  const error: unknown = await find(text).then(
    (path) => expect.fail(`found "${path}"`),
    (reason: unknown) => reason,
  );
  return error as ServiceError;
};

describe('findRecordPath', () => {
  it('takes an array at the top', async () => {
    expect(await find('\ufeff \n[1')).toBe('');
  });

  it('takes the one array of objects that is reached through objects alone', async () => {
    expect(await find('{"products":[{}]}')).toBe('products');
    expect(await find('{"tags":["a"],"shop":{"ids":[1],"products":[{"parts":[{}]}]},"x":[]}')).toBe('shop.products');
    expect(await find('{"rows":[1,{"a":1}]}')).toBe('rows');
  });

  it('takes an array of anything else only where there is none of objects', async () => {
    expect(await find('{"count":3,"ids":[1,2,3]}')).toBe('ids');
    expect(await find('{"rows":[[{}],[{}]]}')).toBe('rows');
    expect(await find('{"rows":[]}')).toBe('rows');
  });

  it('names the candidates where there are several', async () => {
    const error = await failureOf('{"a":[{}],"b":{"c":[{}]},"d":[1]}');
    expect(error).toMatchObject({
      code: 'RECORD_PATH_NEEDED',
      data: { reason: 'several-arrays', candidates: ['a', 'b.c'] },
    });
    expect((await failureOf('{"a":[1],"b":[]}')).data).toEqual({ reason: 'several-arrays', candidates: ['a', 'b'] });
  });

  it('says why where there is none', async () => {
    for (const text of ['{}', '{"a":1}', '{"a":{"b":"x"}}', '17', '"[]"', 'null']) {
      expect(await failureOf(text), text).toMatchObject({ code: 'RECORDS_NOT_FOUND', data: undefined });
    }
  });

  it('leaves out arrays below a key that a path cannot name', async () => {
    expect((await failureOf('{"a.b":[{}],"":[{}]}')).code).toBe('RECORDS_NOT_FOUND');
    expect(await find('{"a.b":{"c":[{}]},"d":[{}]}')).toBe('d');
  });

  it('takes an array that goes on beyond what is looked at', async () => {
    const record = `{"x":"${'y'.repeat(1000)}"},`;
    expect(await find(`{"meta":{"n":1},"products":[${record.repeat(9000)}`)).toBe('products');
  });

  it('guesses nothing where all arrays are closed and the document goes on beyond what is looked at', async () => {
    const error = await failureOf(`{"products":[{}],"blob":"${'y'.repeat(9_000_000)}"`);
    expect(error).toMatchObject({ code: 'RECORD_PATH_NEEDED', data: { reason: 'too-late', candidates: ['products'] } });
    const later = await failureOf(`{"blob":"${'y'.repeat(9_000_000)}","products":[{}]}`);
    expect(later).toMatchObject({ code: 'RECORD_PATH_NEEDED', data: { reason: 'too-late', candidates: [] } });
  });

  it('takes the array in which the document is faulty, for its reader to say so', async () => {
    for (const rest of ['', '{"a":tru}', '{"a":"\udc00', '{}]', '{}} x', '{"a":1},{"a":1', `{"a":${'['.repeat(30)}`]) {
      const text = `{"meta":{"ids":[1]},"products":[{},${rest}`;
      if (rest.startsWith('{}]')) expect(await failureOf(text)).toMatchObject({ code: 'READER_TRUNCATED' });
      else expect(await find(text), text).toBe('products');
    }
    expect(await find('{"products":[01')).toBe('products');
    expect(await failureOf('{"a":[1],"products":[01')).toMatchObject({ code: 'READER_SYNTAX' });
    expect(await failureOf('{"a":[{}],"b":[{},01')).toMatchObject({ code: 'READER_SYNTAX' });
  });

  it('fails where the document is faulty elsewhere, with the place', async () => {
    for (const [text, code, byteOffset] of [
      ['', 'READER_TRUNCATED', 0],
      ['  \n', 'READER_TRUNCATED', 3],
      ['{"a":[{}]', 'READER_TRUNCATED', 9],
      ['{"a" 1}', 'READER_SYNTAX', 5],
      ['\n?', 'READER_SYNTAX', 1],
      [`{"a":${'{"b":'.repeat(30)}`, 'RECORD_TOO_DEEP', 100],
    ] as const) {
      expect(await failureOf(text), text).toMatchObject({ code, place: { byteOffset } });
    }
  });

  it('fails where something follows the value, with the place', async () => {
    for (const [text, byteOffset] of [
      ['{"products":[{"a":1}]}]', 22],
      ['{"a":1} garbage', 8],
      ['{"a":1},', 7],
      ['"a" "b"', 4],
      ['17\t8', 3],
      ['{}\n\n  }', 6],
    ] as const) {
      const error = await failureOf(text);
      expect(error, text).toMatchObject({ code: 'READER_SYNTAX', place: { byteOffset } });
      expect(error.detail, text).toBe('The file goes on after its value.');
    }
  });

  it('names NDJSON where what follows is another value on a line of its own', async () => {
    for (const text of ['{"a":1}\n{"a":2}\n', '{"a":[{}]}\r\n \n{"a":[', '1\n2', '"a"\n"b"', 'true\nfals']) {
      const error = await failureOf(text);
      expect(error, text).toMatchObject({ code: 'READER_SYNTAX' });
      expect(error.detail, text).toContain('`file_type: "ndjson"` (`--type ndjson`)');
    }
    expect((await failureOf('{"a":1}\n{"a":2}\n')).place).toMatchObject({ line: 2, column: 1 });
  });

  it('does not name NDJSON where the first value is no line', async () => {
    for (const text of [
      '{\n  "a": 1\n}\n{\n  "a": 2\n}\n',
      '{"meta":[1],\n"items":[{}]}\n{"a":1}',
      '\n{"a":[{}]\n}\n1',
    ]) {
      const error = await failureOf(text);
      expect(error, text).toMatchObject({ code: 'READER_SYNTAX', detail: 'The file goes on after its value.' });
    }
  });

  it('releases the source', async () => {
    const source = memorySource(Buffer.from('{"a":[1]}'));
    await findRecordPath(source, { maxDepth: 5 });
    expect(source.released.count).toBe(1);
  });
});
