import { type ServerType, serve } from '@hono/node-server';
import { onTestFinished } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { apiUnderTest } from '../api/api-under-test.ts';
import { recordedContext } from './command-fixtures.ts';

/** Runs a command against the API over these fakes, behind a real socket. */
export async function runAgainstFakes(
  args: readonly string[],
  fakes: Parameters<typeof apiUnderTest>[0],
  changes: Partial<CommandContext> = {},
) {
  const { app } = apiUnderTest(fakes);
  let server: ServerType | undefined;
  const port = await new Promise<number>((resolve) => {
    server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (address) => resolve(address.port));
  });
  onTestFinished(() => new Promise<void>((resolve) => server?.close(() => resolve())));
  const { context, written } = recordedContext(changes);
  const code = await runCommandLine([...args, '--url', `http://127.0.0.1:${port}`], context);
  return { code, ...written };
}
