import { defineConfig } from 'vitest/config';

/** Suites that take minutes: `npm run test:long`. */
export default defineConfig({
  test: {
    include: ['test/**/*.long.ts'],
    pool: 'forks',
    fileParallelism: false,
    passWithNoTests: true,
    testTimeout: 30 * 60_000,
    hookTimeout: 60_000,
    reporters: ['verbose'],
  },
});
