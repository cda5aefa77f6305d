import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { described } from './survivors.mjs';

/** Reports, and what an earlier run found out; nothing of it is checked in. */
const reports = join(import.meta.dirname, 'reports');

/** Fixed: a mutant that some seeds do not notice must not come and go. */
const seeded = { FC_SEED: '20260101' };

/** The files that a pattern with a `*` in the name stands for. */
function filesOf(pattern) {
  const [head, tail] = pattern.split('*');
  if (tail === undefined) return [pattern];
  const all = readdirSync(dirname(pattern)).map(name => `${dirname(pattern)}/${name}`);
  return all.filter(path => path.startsWith(head) && path.endsWith(tail)).sort();
}

/** Only kills are remembered: what lived is tried again, for Stryker does not see every test that is new. */
function forgetTheLiving(report) {
  if (!existsSync(report)) return;
  const told = JSON.parse(readFileSync(report, 'utf8'));
  for (const file of Object.values(told.files)) {
    file.mutants = file.mutants.filter(({ status }) => status === 'Killed');
  }
  writeFileSync(report, JSON.stringify(told));
}

/** Runs the tests of a group against each mutant of its files, and tells what became of them. */
export async function mutantsOf({ name, mutate, tests, runner = 'light' }) {
  const { Stryker } = await import('@stryker-mutator/core');
  const report = join(reports, `${name}.json`);
  forgetTheLiving(report);
  Object.assign(process.env, seeded, { MUTATION_TESTS: tests.flatMap(filesOf).join(',') });
  await new Stryker({
    testRunner: runner,
    plugins: ['@stryker-mutator/vitest-runner', join(import.meta.dirname, 'runner.mjs')],
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
    mutate,
    coverageAnalysis: 'perTest',
    // Each is a process that keeps a core busy.
    concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 2),
    ignorePatterns: [
      '**',
      '!src/**',
      '!test/**',
      '!package.json',
      '!tsconfig.json',
      'node_modules',
      'reports',
    ],
    // The sandbox stands in the package, so that its packages are found further up.
    tempDirName: '.stryker-tmp',
    symlinkNodeModules: false,
    disableTypeChecks: false,
    incremental: true,
    incrementalFile: report,
    reporters: ['progress-append-only'],
    warnings: { slow: false },
    // On a busy machine a test may stand still for long; what is told as a timeout should be a loop.
    timeoutMS: 10_000,
    timeoutFactor: 1.5,
    logLevel: 'warn',
    allowConsoleColors: false,
  }).runMutationTest();
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  return mutate.flatMap(file => {
    const { mutants = [], source } = files[file] ?? {};
    return mutants.map(mutant => described({ ...mutant, fileName: file }, source));
  });
}
