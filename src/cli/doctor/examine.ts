import { type Config, loadConfig } from '../../config.ts';
import type { CommandContext } from '../command.ts';
import { checkCallbacks, checkTokens } from './check-access.ts';
import { checkAddress } from './check-address.ts';
import { checkCallback } from './check-callback.ts';
import { checkDataDirectory, checkDataDisk, checkLogFolder, checkSourceRoots } from './check-folders.ts';
import { checkClock, checkNativeModule, checkNode } from './check-runtime.ts';
import { checkSettingsFile } from './check-settings-file.ts';
import { checkKeyFile, checkState } from './check-state.ts';
import { type Finding, failure, ok } from './finding.ts';

/** Looks at all that a service needs here, one thing after the other; nothing is changed. Where the settings are wrong, only at what does not depend on them. */
export async function* examine(
  context: Pick<CommandContext, 'env' | 'cwd' | 'clock'>,
  callback: string | undefined,
): AsyncGenerator<Finding> {
  yield checkNode(process.version);
  const native = checkNativeModule();
  yield* native;
  let config: Config;
  try {
    config = loadConfig(context);
  } catch (error) {
    yield* failure('settings', error);
    return;
  }
  yield ok('settings', 'all are such as can be meant; `ackstream config` shows them');
  yield* checkSettingsFile(context);
  yield checkClock(context.clock, config.dataDir);
  const folder = checkDataDirectory(config);
  yield* folder;
  // One cause is told once: what is in a folder that cannot be used is not looked at.
  if (folder.every(({ verdict }) => verdict !== 'problem')) {
    if (native.every(({ verdict }) => verdict === 'ok')) {
      yield* checkState(config);
      yield* await checkAddress(config);
    }
    yield* checkKeyFile(config);
    yield* checkTokens(config, context.clock.now());
  }
  yield* checkDataDisk(config);
  yield* checkSourceRoots(config);
  yield* checkCallbacks(config, context.clock.now());
  if (callback !== undefined) yield* await checkCallback(callback, config);
  yield* checkLogFolder(config);
}
