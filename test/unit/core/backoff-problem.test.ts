import { expect, it } from 'vitest';
import { backoffProblem } from '../../../src/core/backoff-problem.js';

const MOST = Number.MAX_SAFE_INTEGER;
const constant = { kind: 'constant', delayMs: 5 };
const linear = { kind: 'linear', initialMs: 5, stepMs: 2, maxMs: 9 };
const exponential = { kind: 'exponential', initialMs: 5, maxMs: 9, factor: 3 };

it.each([
  ...[constant, linear, exponential, { ...constant, delayMs: 0 }, { ...constant, delayMs: MOST }],
  ...[
    { kind: 'linear', initialMs: 5 },
    { kind: 'exponential', initialMs: 5 },
  ],
  ...[
    { ...exponential, factor: 1 },
    { ...linear, stepMs: 0 },
    { ...linear, maxMs: 5 },
  ],
  ...['none', 'full', 'equal'].flatMap(jitter =>
    [constant, linear, exponential].map(all => ({ ...all, jitter })),
  ),
  { kind: 'exponential', initialMs: 5, jitter: 'decorrelated' },
])('goes by %o', given => {
  expect(backoffProblem(given)).toBeUndefined();
});

const KIND = "'constant' or 'linear' or 'exponential'";
const JITTER = "'none' or 'full' or 'equal' or 'decorrelated'";
const LONE = "'decorrelated' only of an exponential schedule without a factor";

it.each<[given: unknown, option: string, rule: string, value: unknown]>([
  [null, 'backoff', 'an object', null],
  [5, 'backoff', 'an object', 5],
  [{ kind: 'cubic' }, 'backoff.kind', KIND, 'cubic'],
  [{ kind: 'toString' }, 'backoff.kind', KIND, 'toString'],
  [{}, 'backoff.kind', KIND, undefined],
  [{ ...constant, maxMs: 5 }, 'backoff.maxMs', 'one of kind, delayMs, jitter', 'maxMs'],
  [{ ...linear, factor: 5 }, 'backoff.factor', 'one of kind, initialMs, stepMs, maxMs, jitter', 'factor'],
  [
    { ...exponential, stepMs: 5 },
    'backoff.stepMs',
    'one of kind, initialMs, factor, maxMs, jitter',
    'stepMs',
  ],
  [{ ...constant, jitter: 'some' }, 'backoff.jitter', JITTER, 'some'],
  [{ ...constant, jitter: 'decorrelated' }, 'backoff.jitter', LONE, 'decorrelated'],
  [{ ...exponential, jitter: 'decorrelated' }, 'backoff.jitter', LONE, 'decorrelated'],
  [{ ...constant, delayMs: NaN }, 'backoff.delayMs', `a number >= 0 <= ${MOST}`, NaN],
  [{ ...constant, delayMs: -1 }, 'backoff.delayMs', `a number >= 0 <= ${MOST}`, -1],
  [{ ...constant, delayMs: Infinity }, 'backoff.delayMs', `a number >= 0 <= ${MOST}`, Infinity],
  [{ ...constant, delayMs: '5' }, 'backoff.delayMs', `a number >= 0 <= ${MOST}`, '5'],
  [{ ...linear, initialMs: -1 }, 'backoff.initialMs', `a number >= 0 <= ${MOST}`, -1],
  [{ ...linear, maxMs: 4 }, 'backoff.maxMs', `a number >= 5 <= ${MOST}`, 4],
  [{ ...linear, stepMs: NaN }, 'backoff.stepMs', `a number >= 0 <= ${MOST}`, NaN],
  [{ ...exponential, maxMs: 4 }, 'backoff.maxMs', `a number >= 5 <= ${MOST}`, 4],
  [{ ...exponential, factor: 0.5 }, 'backoff.factor', 'a number >= 1', 0.5],
  [{ ...exponential, factor: Infinity }, 'backoff.factor', 'a number >= 1', Infinity],
  [{ ...exponential, factor: '2' }, 'backoff.factor', 'a number >= 1', '2'],
])('says what is wrong with %o', (given, option, rule, value) => {
  expect(backoffProblem(given)).toEqual({ option, rule, value });
});
