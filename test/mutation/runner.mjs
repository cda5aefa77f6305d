// A runner of Stryker: vitest starts a thread for each mutant, which costs a hundred times what the tests do.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import vm from 'node:vm';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  MutantRunStatus,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { build } from 'esbuild';
import fc from 'fast-check';
import { collect, perform, vitest } from './light-vitest.mjs';

/** A test that waits for what never comes fails by it. */
const LIMIT_MS = 10_000;

const RUNS = 40;

const UNREADABLE = 'loads';

const STACK = Error.stackTraceLimit;

/** fast-check with at most `RUNS` runs of a property, whatever a test says. */
const calm = {
  ...fc,
  assert: (property, { numRuns = RUNS, ...rest } = {}) =>
    fc.assert(property, { ...rest, numRuns: Math.min(numRuns, RUNS) }),
};
const fewer = { __esModule: true, ...calm, default: calm };

class LightRunner {
  #files;
  /** One script for each test file, with all that it imports. Run anew, it is a world of its own. */
  #scripts = new Map();
  #require = createRequire(join(process.cwd(), 'package.json'));

  constructor(files) {
    this.#files = files;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    // What is left of a test that has failed may reject later: that is no word about the next one.
    process.on('unhandledRejection', () => {});
    process.on('uncaughtException', () => {});
    process.on('disconnect', () => process.exit());
    await this.#world('test/setup.ts').then(script => this.#read(script));
    for (const file of this.#files) this.#scripts.set(file, await this.#world(file));
  }

  async #world(file) {
    const { outputFiles } = await build({
      ...{
        absWorkingDir: process.cwd(),
        entryPoints: [file],
        bundle: true,
        write: false,
        format: 'cjs',
        platform: 'node',
        target: 'node20',
      },
      ...{ packages: 'external', keepNames: true, logLevel: 'silent' },
    });
    const text = `(function (require, module, exports) {'use strict';${outputFiles[0].text}\n})`;
    return new vm.Script(text, { filename: join(process.cwd(), `${file}.cjs`) });
  }

  #read(script) {
    const module = { exports: {} };
    const require = name => ({ vitest, 'fast-check': fewer })[name] ?? this.#require(name);
    return collect(() => script.runInThisContext()(require, module, module.exports));
  }

  /** A file that does not load is a test that fails. */
  #testsOf(script) {
    try {
      return this.#read(script);
    } catch (error) {
      return [{ name: UNREADABLE, chapters: [], run: () => Promise.reject(error) }];
    }
  }

  async dryRun() {
    const space = spaceOf({ activeMutant: undefined, hitLimit: undefined, mutantCoverage: undefined });
    const result = await this.#run(space, undefined, false);
    return { ...result, mutantCoverage: space.mutantCoverage };
  }

  async mutantRun({ activeMutant, hitLimit, testFilter }) {
    const space = spaceOf({ activeMutant: activeMutant.id, hitLimit, hitCount: 0 });
    const result = await this.#run(space, testFilter, true);
    const beyond = determineHitLimitReached(space.hitCount, hitLimit);
    space.activeMutant = undefined;
    const killer = result.tests?.find(({ status }) => status === TestStatus.Failed);
    if (beyond === undefined && killer !== undefined) {
      const doubt = await this.#run(space, [killer.id], true);
      if (doubt.tests.some(({ status }) => status === TestStatus.Failed)) {
        return { status: MutantRunStatus.Error, errorMessage: `${killer.id} fails without the mutant, too` };
      }
    }
    return toMutantRunResult(beyond ?? result);
  }

  /** Runs all tests, or those that are named, until one fails. */
  async #run(space, wanted, bail) {
    // What a mutant has done to the process is no word about the next one.
    Error.stackTraceLimit = STACK;
    const chosen = wanted && new Set(wanted);
    const tests = [];
    for (const [file, script] of this.#scripts) {
      if (chosen && !wanted.some(id => id.startsWith(`${file}#`))) continue;
      for (const test of this.#testsOf(script)) {
        const id = `${file}#${test.name}`;
        if (chosen && !chosen.has(id) && test.name !== UNREADABLE) continue;
        const result = await timed(test, { id, name: test.name, fileName: join(process.cwd(), file) }, space);
        tests.push(result);
        if (bail && result.status === TestStatus.Failed) return { status: DryRunStatus.Complete, tests };
      }
    }
    return { status: DryRunStatus.Complete, tests };
  }
}

/** Where the code of Stryker in the mutated files looks. */
function spaceOf(state) {
  const name = INSTRUMENTER_CONSTANTS.NAMESPACE;
  globalThis[name] = { ...state };
  return globalThis[name];
}

async function timed(test, named, space) {
  const since = performance.now();
  space.currentTestId = named.id;
  try {
    await perform(test, LIMIT_MS);
    return { ...named, status: TestStatus.Success, timeSpentMs: performance.now() - since };
  } catch (error) {
    const failureMessage = String(error?.message ?? error);
    return { ...named, status: TestStatus.Failed, failureMessage, timeSpentMs: performance.now() - since };
  } finally {
    space.currentTestId = undefined;
  }
}

/** The files are told by `MUTATION_TESTS`, for a plugin has no options that Stryker does not know. */
const runnerOf = () => new LightRunner(process.env.MUTATION_TESTS.split(','));
runnerOf.inject = [];

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'light', runnerOf)];
