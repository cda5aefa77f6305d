import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: true, include: ['test/types/**/*.test-d.ts'], checker: 'tsc' },
    setupFiles: ['test/setup.ts'],
    coverage: { provider: 'v8', include: ['src/core/**', 'src/kernel/**'], reporter: ['text'] },
  },
});
