import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { dashboardDefine } from './scripts/dashboard-page.mjs';
import { LongFirst } from './test/long-first.js';

const folder = (name: string) => `test/${name}/**/*.test.ts`;
/** Tests that walk every state, or many random ways, of a machine. */
const deep = ['property', 'fuzz', 'model', 'conformance', 'fault', 'simulation', 'zoo'].map(folder);
/** Checks that hold the compiler, the packed tarball or a child process. */
const wide = ['house', 'integration', 'e2e', 'mutation'].map(folder);
/** Tests that speak to real servers; those that stop one start one of their own. */
const services = [folder('services')];
/** Tests that load a module in a world without this or that, which nobody else may get. */
const alone = ['kernel/async-context', 'kernel/clock', 'testing/settle'].map(
  name => `test/unit/${name}.test.ts`,
);
const cores = availableParallelism();
const patient = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  // As in the build: tests see the page that users get.
  define: await dashboardDefine(),
  test: {
    setupFiles: ['test/setup.ts'],
    // By itself it leaves one core to whoever sits before the machine.
    maxWorkers: cores,
    sequence: { sequencer: LongFirst },
    reporters: ['default', ['json', { outputFile: process.env['RESULTS'] ?? 'coverage/results.json' }]],
    coverage: {
      // It counts what it has written into the code: the profiler of V8 now and then loses a branch.
      provider: 'istanbul',
      include: ['src/core/**/*.ts', 'src/kernel/**/*.ts'],
      reporter: ['text', 'json'],
      reportOnFailure: true,
      thresholds: { branches: 100 },
    },
    // Files of a worker share what they load, the compiler above all: loading it costs more than most tests
    // do, and no module keeps anything (`test/house/rules/module-scope.ts`).
    // Tests of types are compiled by `npm run types`: a `@ts-expect-error` that expects nothing fails there.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...alone, ...deep, ...wide, ...services],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'alone', include: alone } },
      { extends: true, test: { name: 'deep', include: deep, isolate: false, ...patient } },
      {
        extends: true,
        test: {
          name: 'services',
          include: services,
          isolate: false,
          // After the others, which take all that the machine has: how slow a server can be is not what is
          // tested. Two more than cores, for they wait more than they compute.
          sequence: { groupOrder: 1 },
          maxWorkers: cores + 2,
          ...patient,
        },
      },
      { extends: true, test: { name: 'wide', include: wide, isolate: false, ...patient } },
    ],
  },
});
