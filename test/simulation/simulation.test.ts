import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { projectRoot, readProjectFile } from '../repo/project-files.ts';
import { generateScenario } from './generate-scenario.ts';
import { MUTATIONS, mutate } from './mutations/plant-mutation.ts';
import { simulate } from './simulate.ts';

const FEWEST_MUTATIONS = 12;

describe('a simulated world', () => {
  it.each([18, 58, 171, 710])('is the same each time that it is played: seed %d', async (seed) => {
    const scenario = generateScenario(seed);
    const [first, second] = [await simulate(scenario), await simulate(generateScenario(seed))];
    expect(first.trace.split('\n').length).toBeGreaterThan(20);
    expect(second.trace).toBe(first.trace);
    expect(second.figures).toEqual(first.figures);
  });

  it('is played as the data that it is: from JSON it is the same', async () => {
    const scenario = generateScenario(18);
    const { trace } = await simulate(scenario);
    expect((await simulate(JSON.parse(JSON.stringify(scenario)))).trace).toBe(trace);
  });
});

describe('a planted bug', () => {
  it('has its one place in the code, and there are enough of them', () => {
    for (const mutation of MUTATIONS)
      expect(mutate(mutation, readProjectFile(mutation.file))).toContain(mutation.replacement);
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(FEWEST_MUTATIONS);
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
  });

  it('is found, and told by the smallest scenario that shows it', { timeout: 120_000 }, () => {
    const args = ['test/simulation/main.ts', '--mutation', 'halved-by-an-eighth', '--seeds', '400', '--workers', '1'];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8' });
    expect(stdout).toMatch(/breaks halving-safe: a chunk is cut only where the receiver cannot have it/);
    expect(stdout).toMatch(/again: npm run simulate -- --seed \d+ --mutation halved-by-an-eighth/);
    const smallest = stdout.split('\n').find((line) => line.startsWith('{"seed"'));
    expect(JSON.parse(smallest ?? '{}')).toMatchObject({
      messageFaults: [],
      incidents: [{ event: { kind: 'request' } }],
    });
    expect(status).toBe(1);
  });

  it('that does not exist is refused', () => {
    const args = ['test/simulation/main.ts', '--mutation', 'no-such-bug', '--seeds', '1'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8' });
    expect(stderr).toContain('there is no mutation no-such-bug');
    expect(status).toBe(2);
  });
});
