import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDirectory, readLockHolder } from '../../src/state/data-directory-lock.ts';
import { NOW } from './sample-state.ts';
import { temporaryFolder } from './temporary-folder.ts';

const CHILD = fileURLToPath(new URL('hold-lock.ts', import.meta.url));
const URL_OF_HOLDER = 'http://127.0.0.1:8123';
const self = { pid: process.pid, what: 'ackstream serve' };

describe('the lock of a data directory', () => {
  let place: ReturnType<typeof temporaryFolder>;
  let directory: string;
  let children: ChildProcess[];
  beforeEach(() => {
    place = temporaryFolder();
    directory = join(place.path, 'data');
    children = [];
  });
  afterEach(async () => {
    for (const child of children) await kill(child);
    place.remove();
  });

  function spawnHolder(): ChildProcess {
    const args = ['--expose-gc', CHILD, directory, URL_OF_HOLDER];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    return child;
  }

  const hasSpoken = (child: ChildProcess) => once(child.stdout ?? child, 'data');

  /** Another process that holds the lock. */
  async function holdElsewhere(): Promise<ChildProcess> {
    const child = spawnHolder();
    await hasSpoken(child);
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  it('is refused to a second process, which is told who holds it', async () => {
    const child = await holdElsewhere();
    const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const holder = { pid: child.pid, what: 'a test', url: URL_OF_HOLDER, since };
    const refused = () => lockDataDirectory(directory, self);
    expect(refused).toThrow(expect.objectContaining({ code: 'DATA_DIR_LOCKED', data: { directory, ...holder } }));
    expect(refused).toThrow(`a test (process ${child.pid})`);
    expect(refused).toThrow(URL_OF_HOLDER);
    expect(readLockHolder(directory)).toEqual(holder);
  });

  it('is free at once when its holder is killed, whatever that left behind', async () => {
    const child = await holdElsewhere();
    await kill(child);
    expect(existsSync(join(directory, 'lock.json'))).toBe(true);
    expect(readLockHolder(directory)).toBeNull();
    lockDataDirectory(directory, self).release();
  });

  it('is held over any number of looks at it', async () => {
    await holdElsewhere();
    for (let look = 0; look < 20; look += 1) expect(readLockHolder(directory)).not.toBeNull();
    expect(() => lockDataDirectory(directory, self)).toThrow(expect.objectContaining({ code: 'DATA_DIR_LOCKED' }));
  });

  it('goes to exactly one of several that ask at once', async () => {
    const started = Array.from({ length: 4 }, () => {
      const child = spawnHolder();
      return Promise.race([hasSpoken(child).then(() => 'held'), once(child, 'exit').then(() => 'refused')]);
    });
    expect((await Promise.all(started)).toSorted()).toEqual(['held', 'refused', 'refused', 'refused']);
  });

  it('is refused to a second part of the same process, and looking at it does not open it', () => {
    const lock = lockDataDirectory(directory, self, NOW);
    const holder = { ...self, since: new Date(NOW).toISOString() };
    expect(() => lockDataDirectory(directory, self)).toThrow(expect.objectContaining({ code: 'DATA_DIR_LOCKED' }));
    expect(readLockHolder(directory)).toEqual(holder);
    lock.setUrl(URL_OF_HOLDER);
    expect(readLockHolder(directory)).toEqual({ ...holder, url: URL_OF_HOLDER });
    lock.release();
    expect(readLockHolder(directory)).toBeNull();
    lockDataDirectory(directory, self).release();
  });

  it('is taken though another only half told who it was', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'lock.json'), '{"pid": 1');
    const lock = lockDataDirectory(directory, self);
    expect(readLockHolder(directory)).toMatchObject(self);
    writeFileSync(join(directory, 'lock.json'), '');
    expect(() => lockDataDirectory(directory, self)).toThrow(expect.objectContaining({ code: 'DATA_DIR_LOCKED' }));
    lock.release();
  });

  it('goes by the lock alone, not by a process id that now is of another process', () => {
    mkdirSync(directory);
    const stale = { pid: process.pid, what: 'ackstream', since: new Date(NOW).toISOString(), url: URL_OF_HOLDER };
    writeFileSync(join(directory, 'lock.json'), JSON.stringify(stale));
    expect(readLockHolder(directory)).toBeNull();
    const lock = lockDataDirectory(directory, { ...self, pid: 1 }, NOW);
    expect(readLockHolder(directory)).toEqual({ ...self, pid: 1, since: new Date(NOW).toISOString() });
    lock.release();
  });

  it('is free in a copy of a directory that is in use', async () => {
    await holdElsewhere();
    const copy = join(place.path, 'copy');
    cpSync(directory, copy, { recursive: true });
    expect(readLockHolder(copy)).toBeNull();
    lockDataDirectory(copy, self).release();
    expect(readLockHolder(directory)).not.toBeNull();
  });

  it('says that nothing is lost with it where its file is damaged', () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'lock.sqlite'), 'not a database, but longer than the header of one'.repeat(20));
    expect(() => lockDataDirectory(directory, self)).toThrow(
      expect.objectContaining({
        code: 'STATE_UNAVAILABLE',
        detail: expect.stringContaining('it holds nothing: remove it'),
      }),
    );
  });

  it('is free where there is no directory, which looking does not create', () => {
    expect(readLockHolder(directory)).toBeNull();
    expect(existsSync(directory)).toBe(false);
  });

  it('leaves nothing but its own file when it is released', () => {
    lockDataDirectory(directory, self).release();
    expect(readdirSync(directory)).toEqual(['lock.sqlite']);
  });

  it('is not taken where who holds it cannot be told', () => {
    mkdirSync(join(directory, 'lock.json.new'), { recursive: true });
    expect(() => lockDataDirectory(directory, self)).toThrow(expect.objectContaining({ code: 'STATE_UNAVAILABLE' }));
    expect(readLockHolder(directory)).toBeNull();
  });
});
