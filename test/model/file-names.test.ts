import { describe, expect, it } from 'vitest';
import { compressionOfName, nameInside } from '../../src/model/file-names.ts';

describe('the name of a compressed file', () => {
  it.each([
    ['a/products.csv.GZ', 'gzip', 'a/products.csv'],
    ['feed.xlsx.zip', 'zip', 'feed.xlsx'],
    ['feed.json.zst', 'zstd', 'feed.json'],
    ['feed.xml.bz2', 'bzip2', 'feed.xml'],
  ])('%s tells its compression, and the name of what is inside', (name, compression, inside) => {
    expect(compressionOfName(name)).toBe(compression);
    expect(nameInside(name)).toBe(inside);
  });

  it.each(['feed.json', 'feed.tgz', 'feed.zst.json', 'gz', ''])('is none of %j', (name) => {
    expect(compressionOfName(name)).toBeNull();
    expect(nameInside(name)).toBe(name);
  });
});
