/*
 * File names made to be taken for something else: for the end of a line, a command to a terminal, the other half of a JSON document. They are files like others, and what is
 * told about them stays one value in one line.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/cli/error-text.ts';
import { ServiceError } from '../../src/errors.ts';
import { startReceiver } from '../harness/receiver.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const NAMES = [
  'a\nb.json',
  'a\r\n{"level":"error","event":"forged"}.json',
  '\u001b[2J\u001b[31mred\u0007.json',
  '\u009b31mred.json',
  'gnp.\u202enosj.json',
  '\u2066isolated.json',
  'next\u0085line\u2028and\u2029paragraph.json',
  '"},{"forged":"1.json',
  "'; rm -rf ~ #.json",
  '`id`$(id)${jndi:ldap:.json',
  '<script>alert(1)<.json',
  '%s%n%00.json',
  ' leading and trailing .json',
  '--help.json',
  'back\\slash\\n.json',
  '\u007f😀ﷺ\u0301.json',
];
/** What no line for people or tools may hold as it is. */
const OBEYED = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

describe('a file name made to deceive', () => {
  it('is delivered, shown as it is in JSON, and stays one line of the logs and the terminal', async () => {
    const folder = tempFolder();
    const receiver = await startReceiver();
    const service = await startServiceProcess(folder);
    for (const [index, name] of NAMES.entries()) {
      const path = join(folder, name);
      // Every second one is cut off, so that there is an error to tell.
      writeFileSync(path, index % 2 === 0 ? '[{"id":1}]' : '[{"id":1},');
      const { status, body } = await service.api.ingest({ file_path: path, callback_url: receiver.callbackUrl });
      expect(status, JSON.stringify(name)).toBe(202);
      const shown = await service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED');
      expect(shown).toMatchObject({ status: index % 2 === 0 ? 'COMPLETED' : 'FAILED', file_path: path });
      const missing = await service.api.ingest({ file_path: `${path}.missing`, callback_url: receiver.callbackUrl });
      expect(missing).toMatchObject({ status: 404, body: { detail: expect.stringContaining(`${path}.missing`) } });
    }
    service.process.kill('SIGTERM');
    await service.ended;

    const logs = join(folder, 'logs');
    const files = readdirSync(logs, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const lines = files.flatMap((file) => readFileSync(join(file.parentPath, file.name), 'utf8').trimEnd().split('\n'));
    expect(lines.length).toBeGreaterThan(NAMES.length);
    for (const line of lines) {
      expect(line).not.toMatch(OBEYED);
      expect(JSON.parse(line)).toMatchObject({ event: expect.not.stringContaining('forged') });
    }
    expect(service.standardError()).not.toMatch(OBEYED);
  });

  it('is one line of what a command says', () => {
    for (const name of NAMES) {
      const text = errorText(new ServiceError('SOURCE_NOT_FOUND', { place: { file: `/feeds/${name}` } }));
      expect(text.trimEnd().split('\n')).toHaveLength(2);
      expect(text).not.toMatch(OBEYED);
    }
  });
});
