import { EXIT_DONE, type RunCommand } from './command.ts';
import { jsonLine } from './json-line.ts';
import { openService } from './open-service.ts';
import { renderCircuits } from './render-circuits.ts';

/** `ackstream circuits`. They are in the memory of the service that delivers: without one there are none to look at. */
export const runCircuits: RunCommand<'circuits'> = async ({ json: isJson, url }, context) => {
  const service = await openService(context, { url, delivers: false, isOwnAllowed: false });
  try {
    const circuits = await service.client.listCircuits();
    context.write(isJson === true ? circuits.map(jsonLine).join('') : renderCircuits(circuits));
    if (circuits.length === 0 && isJson !== true) context.writeError('All are closed.\n');
    return EXIT_DONE;
  } finally {
    await service.close();
  }
};
