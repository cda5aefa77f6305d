import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Tests of types are compiled by `npm run types`: a `@ts-expect-error` that expects nothing fails there.
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    reporters: ['default', ['json', { outputFile: 'coverage/results.json' }]],
    coverage: {
      provider: 'v8',
      include: ['src/core/**', 'src/kernel/**'],
      reporter: ['text', 'json'],
      thresholds: { branches: 100 },
    },
  },
});
