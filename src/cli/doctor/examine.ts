import { type Config, loadConfig } from '../../config.ts';
import type { CommandContext } from '../command.ts';
import { checkCallbacks, checkTokens } from './check-access.ts';
import { checkAddress } from './check-address.ts';
import { checkDataDirectory, checkLogFolder, checkSourceRoots } from './check-folders.ts';
import { checkClock, checkNativeModule, checkNode } from './check-runtime.ts';
import { checkKeyFile, checkState } from './check-state.ts';
import { type Finding, failure, ok } from './finding.ts';

/** Looks at all that a service needs here, one thing after the other; nothing is changed. Where the settings are wrong, only at what does not depend on them. */
export async function* examine(context: Pick<CommandContext, 'env' | 'cwd' | 'clock'>): AsyncGenerator<Finding> {
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
  yield checkClock(context.clock, config.dataDir);
  yield* checkDataDirectory(config);
  if (native.every(({ verdict }) => verdict === 'ok')) {
    yield* checkState(config);
    yield* await checkAddress(config);
  }
  yield* checkKeyFile(config);
  yield* checkSourceRoots(config);
  yield* checkCallbacks(config);
  yield* checkTokens(config, context.clock.now());
  yield* checkLogFolder(config);
}
