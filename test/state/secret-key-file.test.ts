import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createStateKeys, readStateKeys } from '../../src/state/secret-key-file.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const MODULE = new URL('../../src/state/secret-key-file.ts', import.meta.url).href;

describe('a key file', () => {
  it('is made whole, for its owner alone, also where an earlier start came only half way', () => {
    const path = join(tempFolder(), 'state.key');
    writeFileSync(`${path}.new`, 'half of a k', { mode: 0o644 });
    const made = createStateKeys(path);
    expect(readStateKeys(path)).toEqual(made);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is not there, rather than empty, where the disk takes none of it', () => {
    const folder = tempFolder();
    const script = `import { createStateKeys } from '${MODULE}';
      try { createStateKeys('${join(folder, 'state.key')}'); } catch (error) { process.stdout.write(error.code); }`;
    const child = spawnSync('sh', [
      '-c',
      'ulimit -f 0; exec "$0" --input-type=module -e "$1"',
      process.execPath,
      script,
    ]);
    expect(child.stdout.toString() + child.stderr.toString()).toBe('STATE_UNAVAILABLE');
    expect(readdirSync(folder)).not.toContain('state.key');
  });
});
