import { statSync } from 'node:fs';
import { type ConfigInput, SECRET_SETTINGS, settingsFileIn, sourcesOfSettings } from '../../config.ts';
import { isOpenToOthers, modeText } from './file-mode.ts';
import { type Finding, warning } from './finding.ts';

/** Whether nobody but its owner reads the secrets that stand in `.env`. */
export function checkSettingsFile(input: ConfigInput): readonly Finding[] {
  // Windows shows rights that say nothing.
  if (process.platform === 'win32') return [];
  const path = settingsFileIn(input.cwd);
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined || !isOpenToOthers(mode)) return [];
  const sources = sourcesOfSettings({ ...input, env: {} });
  const secrets = SECRET_SETTINGS.filter((name) => sources[name] === '.env');
  if (secrets.length === 0) return [];
  const seen = `${path} holds ${secrets.join(' and ')} and has mode ${modeText(mode)}: others may read it`;
  return [warning('settings', seen, `Run \`chmod 600 ${path}\`, and take new secrets where others have read them.`)];
}
