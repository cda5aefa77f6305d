import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const folder = (name: string) => `test/${name}/**/*.test.ts`;
/** Tests that walk every state, or many random ways, of a machine. */
const deep = ['property', 'fuzz', 'model', 'conformance', 'fault', 'simulation', 'zoo'].map(folder);
/** Checks that hold the compiler, the packed tarball or a child process. */
const wide = ['house', 'integration', 'e2e', 'mutation'].map(folder);
/** Tests that speak to real servers; those that stop one start one of their own. */
const services = [folder('services')];
const patient = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    setupFiles: ['test/setup.ts'],
    // One for each core: by itself it leaves one core to whoever sits before the machine.
    maxWorkers: availableParallelism(),
    reporters: ['default', ['json', { outputFile: 'coverage/results.json' }]],
    coverage: {
      provider: 'v8',
      include: ['src/core/**/*.ts', 'src/kernel/**/*.ts'],
      reporter: ['text', 'json'],
      reportOnFailure: true,
      thresholds: { branches: 100 },
    },
    // Tests of types are compiled by `npm run types`: a `@ts-expect-error` that expects nothing fails there.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...deep, ...wide, ...services],
        },
      },
      { extends: true, test: { name: 'deep', include: deep, ...patient } },
      { extends: true, test: { name: 'services', include: services, ...patient } },
      // One compiler for all files of a worker: loading it costs more than most of these checks.
      { extends: true, test: { name: 'wide', include: wide, isolate: false, ...patient } },
    ],
  },
});
