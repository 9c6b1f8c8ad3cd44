import { onTestFinished } from 'vitest';
import { type LaunchedService, launchService, type ServiceProcess, untilListening } from './launch-service.ts';

export type { ServiceProcess } from './launch-service.ts';

/** Starts the service on `folder` and waits until it listens. It is killed when the test has finished, if it still runs. */
export function startServiceProcess(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  return untilListening(spawnService(folder, env));
}

/** Starts the service on `folder` and does not wait. It is killed when the test has finished, if it still runs. */
export function spawnService(folder: string, env: Readonly<Record<string, string>> = {}): LaunchedService {
  const launched = launchService(folder, { env });
  onTestFinished(() => {
    launched.process.kill('SIGKILL');
  });
  return launched;
}
