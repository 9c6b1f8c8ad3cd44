import { describe, expect, it } from 'vitest';
import {
  chunkIdOf,
  completionIdOf,
  fileIdOf,
  ingestionIdOf,
  normalizeFilePath,
  RESUME_VERSION,
  statusEventIdOf,
} from '../../src/protocol/identity.ts';
import { IDENTITY_VECTORS } from './golden-vectors.ts';

describe('identity', () => {
  it('equals that of another implementation', () => {
    expect(IDENTITY_VECTORS.length).toBeGreaterThan(3);
    for (const vector of IDENTITY_VECTORS) {
      const fileId = fileIdOf(vector.file_path, vector.file_type);
      const ingestionId = ingestionIdOf(fileId, vector.version);
      expect(fileId).toBe(vector.file_id);
      expect(ingestionId).toBe(vector.ingestion_id);
      expect(chunkIdOf(ingestionId, 0)).toBe(vector.chunk_id_0);
    }
  });

  it('is the value that the protocol states for /x.json', () => {
    const fileId = fileIdOf('/x.json', 'json');
    expect(fileId).toBe('92acf69559533fd7171c7f80834b38f3656bff2296e1924122526f5a901eec8d');
    expect(ingestionIdOf(fileId, RESUME_VERSION)).toBe(
      '810ba930073cbac56a41b756b443a9cf0407396ac43bf4f59e40737b25fe8bba',
    );
  });

  it('is the same for every spelling of a path', () => {
    for (const spelling of ['/srv/x.json', '/srv//x.json', '/srv/./x.json', '/srv/a/../x.json', '/../srv/x.json']) {
      expect(normalizeFilePath(spelling)).toBe('/srv/x.json');
    }
    expect(normalizeFilePath('x.json')).toBe(`${process.cwd()}/x.json`);
  });

  it('names COMPLETED and status events apart from every chunk', () => {
    expect(completionIdOf('i')).toBe('i:completed');
    expect(statusEventIdOf('i', 'PAUSED', 7)).toBe('i:PAUSED:7');
  });
});
