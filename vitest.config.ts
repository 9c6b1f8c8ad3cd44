import { defineConfig } from 'vitest/config';

/** The gate: everything but the long suites, which vitest.long.config.ts runs. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default'],
  },
});
