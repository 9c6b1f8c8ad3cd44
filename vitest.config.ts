import { defineConfig } from 'vitest/config';

/** The gate. What takes minutes, such as the crash harness, has commands of its own. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/harness/loopback-only.ts'],
    pool: 'forks',
    // Most tests wait for sockets, disks and child processes; on two cores one worker would leave one idle.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default'],
  },
});
