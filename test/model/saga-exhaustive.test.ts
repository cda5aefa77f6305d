import { expect, it } from 'vitest';
import { marked, once, pivot, type SagaScene, step, walkSaga } from './saga-promises.js';

const scenes: readonly SagaScene[] = [
  ['one step, all that happens', [step('a')], { zombies: true, people: true, time: true }],
  ['a line of 2, people decide', [step('a'), step('b', 0)], { people: true }],
  ['a line of 2, late calls', [step('a'), step('b', 0)], { zombies: true }],
  ['a line of 3', [step('a'), step('b', 0), step('c', 1)], {}],
  ['nothing to undo in between', [step('a'), { ...step('b', 0), undo: false }, step('c', 1)], {}],
  ['a pivot', [step('a'), pivot('p', 0), step('r', 1)], {}],
  ['a pivot, people decide', [step('a'), pivot('p', 0)], { people: true }],
  ['a step that cannot fail, people decide', [pivot('p'), step('r', 0)], { people: true, zombies: true }],
  ['two side by side', [step('a'), step('b')], { attempts: 1 }],
  ['marks side by side', [marked('a'), marked('b')], { attempts: 1 }],
  ['a mark, late calls', [step('a'), marked('b', 0)], { zombies: true }],
  ['never twice', [once('a'), once('b', 0)], { people: true }],
  ['never twice, with a mark', [{ ...once('a'), marked: true }, step('b')], { attempts: 1 }],
];

it.each(scenes)('a saga keeps its promises in every reachable state: %s', (...scene) => {
  expect(walkSaga(scene).states).toBeGreaterThan(300);
});
