import { describeConfig, loadConfig, sourcesOfSettings } from '../config.ts';
import { EXIT_DONE, type RunCommand } from './command.ts';
import { jsonLine } from './json-line.ts';
import { renderTable } from './render-table.ts';
import { terminalText } from './terminal-text.ts';

/** `ackstream config`. */
export const runConfig: RunCommand<'config'> = async ({ json }, context) => {
  const sources = sourcesOfSettings(context);
  const settings = Object.entries(describeConfig(loadConfig(context))).map(([name, value]) => ({
    name,
    value,
    source: sources[name] ?? 'default',
  }));
  if (json === true) {
    const document = Object.fromEntries(settings.map(({ name, ...setting }) => [name, setting]));
    context.write(jsonLine(document));
    return EXIT_DONE;
  }
  const table = renderTable(settings, [
    { title: 'SETTING', cell: ({ name }) => name },
    { title: 'FROM', cell: ({ source }) => source },
    { title: 'VALUE', cell: ({ value }) => terminalText(value) },
  ]);
  context.write(table);
  return EXIT_DONE;
};
