import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { checkStateFile } from '../../state/check-state-file.ts';
import { readStateKeys } from '../../state/secret-key-file.ts';
import { KEY_FILE } from '../../state/secret-rows.ts';
import { STATE_FILE } from '../../state/sqlite-state-file.ts';
import { type Finding, failure, ok, problem, warning } from './finding.ts';

/** Whether the state is what was written, as a start looks at it. */
export function checkState({ dataDir }: Pick<Config, 'dataDir'>): readonly Finding[] {
  const path = join(dataDir, STATE_FILE);
  try {
    checkStateFile(path);
    return [ok('state', existsSync(path) ? `${path} is sound` : 'there is none yet')];
  } catch (error) {
    return failure('state', error);
  }
}

/** Whether the key of the secrets in the state is there, and nobody else's. */
export function checkKeyFile({ dataDir, stateKeyFile }: Pick<Config, 'dataDir' | 'stateKeyFile'>): readonly Finding[] {
  const check = 'key file';
  const path = stateKeyFile ?? join(dataDir, KEY_FILE);
  try {
    if (readStateKeys(path) !== null) return [ok(check, path)];
  } catch (error) {
    return failure(check, error);
  }
  if (stateKeyFile !== null) {
    return [
      problem(check, `${path} does not exist`, 'Put the key there, or make one: docs/operations.md "Secrets at rest".'),
    ];
  }
  if (!existsSync(join(dataDir, STATE_FILE))) return [ok(check, `${path} is made at the first start`)];
  const remedy = 'Put it back from its copy; where the state has no secrets a start makes a new one.';
  return [warning(check, `there is a state and no ${path}`, remedy)];
}
