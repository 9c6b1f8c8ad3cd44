import { defineConfig } from 'vitest/config';

/** The gate: everything but the long suites, which vitest.long.config.ts runs. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Most tests wait for sockets, disks and child processes; on two cores one worker would leave one idle.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default'],
  },
});
