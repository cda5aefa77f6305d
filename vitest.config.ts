import { defineConfig } from 'vitest/config';

/** Checks that hold the compiler, the packed tarball or a child process need longer than a unit does. */
const slow = ['test/house/**/*.test.ts', 'test/integration/**/*.test.ts', 'test/e2e/**/*.test.ts'];

export default defineConfig({
  test: {
    setupFiles: ['test/setup.ts'],
    reporters: ['default', ['json', { outputFile: 'coverage/results.json' }]],
    coverage: {
      provider: 'v8',
      include: ['src/core/**/*.ts', 'src/kernel/**/*.ts'],
      reporter: ['text', 'json'],
      thresholds: { branches: 100 },
    },
    // Tests of types are compiled by `npm run types`: a `@ts-expect-error` that expects nothing fails there.
    projects: [
      {
        extends: true,
        test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: slow, testTimeout: 60_000 },
      },
      // One compiler for all files of a worker: loading it costs more than most of these checks.
      {
        extends: true,
        test: { name: 'slow', include: slow, isolate: false, testTimeout: 120_000, hookTimeout: 120_000 },
      },
    ],
  },
});
