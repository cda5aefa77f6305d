import { expect, it } from 'vitest';
import { pivot, type SagaScene, step, walkSaga } from './saga-promises.js';

const scenes: readonly SagaScene[] = [
  [
    'a line of 4 with a pivot, late calls',
    [step('a'), step('b', 0), pivot('p', 1), step('r', 2)],
    { zombies: true },
  ],
  ['two side by side, tried twice', [step('a'), step('b')], {}],
  ['two side by side, late calls', [step('a'), step('b')], { zombies: true, attempts: 1 }],
  ['two side by side, people decide', [step('a'), step('b')], { people: true, attempts: 1 }],
  ['a fork', [step('a'), step('b', 0), step('c', 0)], {}],
  ['a diamond', [step('a'), step('b', 0), step('c', 0), step('d', 1, 2)], { attempts: 1 }],
  ['two side by side before a pivot', [step('a'), step('b'), pivot('p', 0, 1)], { attempts: 1 }],
  ['two side by side after a pivot', [pivot('p'), step('a', 0), step('b', 0)], { people: true, attempts: 1 }],
];

it.each(scenes)('a saga keeps its promises in every reachable state: %s', (...scene) => {
  expect(walkSaga(scene).states).toBeGreaterThan(1_000);
});
