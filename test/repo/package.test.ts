import { describe, expect, it } from 'vitest';
// @ts-expect-error: plain JavaScript without types, so that it runs under any Node.
import * as runtime from '../../bin/runtime.js';
import { readProjectFile } from './project-files.ts';

const { MINIMUM_NODE, PINNED_PACKAGES } = runtime as {
  readonly MINIMUM_NODE: readonly number[];
  readonly PINNED_PACKAGES: Readonly<Record<string, string>>;
};

interface Manifest {
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readProjectFile('package.json')) as Manifest;
const dependencies = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };

describe('package.json', () => {
  it('pins every dependency to an exact version', () => {
    expect(Object.keys(dependencies).length).toBeGreaterThan(20);
    const loose = Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version));
    expect(loose).toEqual([]);
  });

  it('has a reason in ARCHITECTURE.md for every dependency', () => {
    const architecture = readProjectFile('ARCHITECTURE.md');
    const missing = Object.keys(dependencies).filter((name) => !architecture.includes(`\`${name}\``));
    expect(missing, 'dependencies that ARCHITECTURE.md does not name in backticks').toEqual([]);
  });

  it('starts everything through the launcher that finds the runtime', () => {
    const bare = Object.entries(manifest.scripts).filter(
      ([, script]) => !/^(?:node bin\/(?:with-node|ackstream)\.js|npm run )/.test(script),
    );
    expect(bare).toEqual([]);
  });

  it('pins the runtime that the launcher looks for, in one version', () => {
    expect(new Set(Object.keys(manifest.optionalDependencies))).toEqual(new Set(Object.values(PINNED_PACKAGES)));
    expect(new Set(Object.values(manifest.optionalDependencies)).size).toBe(1);
  });

  it('asks for the Node that the launcher asks for', () => {
    expect(manifest.engines.node).toBe(`>=${MINIMUM_NODE.join('.')}`);
  });

  it('runs no install script of a dependency', () => {
    expect(readProjectFile('.npmrc').split('\n')).toContain('ignore-scripts=true');
  });

  it('is what the lock file was made from', () => {
    const lock = JSON.parse(readProjectFile('package-lock.json')) as {
      readonly packages: Readonly<Record<string, { readonly version?: string }>>;
    };
    const drifted = Object.entries(dependencies).filter(
      ([name, version]) => lock.packages[`node_modules/${name}`]?.version !== version,
    );
    expect(drifted).toEqual([]);
  });
});
