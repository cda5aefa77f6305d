// Stands for `vitest` in the bundle of the unit tests: plain modules, so that any runtime can load it.
import * as matchers from '@vitest/expect';
import { fn, restoreAllMocks, spyOn } from '@vitest/spy';
import * as chai from 'chai';
import { expectOf, performed } from '../../mutation/light-suite.mjs';

export { afterEach, beforeEach, collect, describe, it } from '../../mutation/light-suite.mjs';

export const expect = expectOf(chai, matchers);
export const vi = { fn, spyOn };
export const perform = (test, limitMs) => performed(test, limitMs, restoreAllMocks);
