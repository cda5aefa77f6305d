// For a process that runs the tests of core and kernel over and over.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expectOf, it, performed } from './light-suite.mjs';

const require = createRequire(import.meta.url);
const ofVitest = createRequire(require.resolve('vitest/package.json'));
const load = name => import(pathToFileURL(ofVitest.resolve(name)).href);

const expect = expectOf(await load('chai'), await load('@vitest/expect'));
const { fn, restoreAllMocks, spyOn } = await load('@vitest/spy');

export { collect } from './light-suite.mjs';

export const vitest = { expect, describe, it, beforeEach, afterEach, vi: { fn, spyOn } };

/** Runs one test with what stands around it; rejects when it fails or does not end. */
export const perform = (test, limitMs) => performed(test, limitMs, restoreAllMocks);
