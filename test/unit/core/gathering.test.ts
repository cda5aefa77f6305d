import { describe, expect, it } from 'vitest';
import { circleOfParts, Gathering, planGathering } from '../../../src/core/gathering.js';

const on = (...parts: number[]) => parts.map(part => ({ part, required: true }));

describe('circleOfParts', () => {
  it('names the way round, from the first part that is met again', () => {
    expect(circleOfParts([on(1), on(2), on(3), on(1)])).toEqual([1, 2, 3, 1]);
    expect(circleOfParts([on(0)])).toEqual([0, 0]);
    expect(circleOfParts([[], on(0, 2), on(0, 0, 1)])).toEqual([1, 2, 1]);
  });

  it('finds none where parts only share what they need', () => {
    expect(circleOfParts([[], on(0), on(0), on(1, 2)])).toBeUndefined();
  });

  it('goes down a chain of any length', () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => (at === 0 ? [] : on(at - 1)));
    expect(circleOfParts(chain)).toBeUndefined();
    expect(circleOfParts([on(19_999), ...chain.slice(1)])).toHaveLength(20_001);
  });
});

/** What stands with a part that one other cannot do without. */
const needed = (part: number) => [{ part, required: true }];

describe('a gathering', () => {
  it('cannot do without what a part that it wants cannot do without', () => {
    const plan = planGathering([[], on(0), on(1), on(0)], [2]);
    expect(plan.essential).toEqual([true, true, true, false]);
    expect(plan.roots).toEqual([0]);
    expect(plan.dependants).toEqual([[...needed(1), ...needed(3)], needed(2), [], []]);
  });

  it('looks once at what each part needs, however many ways lead there', () => {
    let looks = 0;
    const need = (part: number) => ({
      part,
      get required() {
        looks++;
        return true;
      },
    });
    // Sixteen ways to part 0, by four diamonds on top of each other.
    const needs = [0, 3, 6, 9].flatMap(at => [[need(at)], [need(at)], [need(at + 1), need(at + 2)]]);
    planGathering([[], ...needs], [12]);
    // Sixteen needs, by those that are needed and by those that need.
    expect(looks).toBe(2 * 16);
  });

  it('leaves its plan as it was, for the next', () => {
    const plan = planGathering([[], [], on(0, 1)], [2]);
    for (const gathering of [new Gathering(plan), new Gathering(plan)]) {
      expect(gathering.settle(0, true)).toEqual([]);
      expect(gathering.settle(1, true)).toEqual([2]);
    }
  });

  it('starts a part when all that it needs has ended', () => {
    const gathering = new Gathering(planGathering([[], [], on(0, 1)], [2]));
    expect(gathering.settle(1, true)).toEqual([]);
    expect(gathering.fate(2)).toBe('waiting');
    expect(gathering.settle(0, true)).toEqual([2]);
    expect(gathering.settle(2, true)).toEqual([]);
    expect(gathering.over).toBe(true);
  });

  it('starves whoever needs what is missing, down the line', () => {
    const gathering = new Gathering(planGathering([[], on(0), on(1), []], [3]));
    expect(gathering.settle(0, false)).toEqual([]);
    expect(gathering.starved).toEqual([1, 2]);
    expect([gathering.fate(0), gathering.fate(2), gathering.over]).toEqual(['missing', 'starved', false]);
  });

  it('starves a part once, however much of what it needs is missing or there', () => {
    const gathering = new Gathering(planGathering([[], [], [], on(0, 1, 2), []], [4]));
    expect(gathering.settle(0, false)).toEqual([]);
    expect(gathering.settle(1, false)).toEqual([]);
    expect(gathering.settle(2, true)).toEqual([]);
    expect([gathering.starved, gathering.fate(3), gathering.over]).toEqual([[3], 'starved', false]);
    expect(gathering.settle(4, true)).toEqual([]);
    expect(gathering.over).toBe(true);
  });

  it('starts one that can do without what is missing', () => {
    const gathering = new Gathering(planGathering([[], [{ part: 0, required: false }]], [1]));
    expect(gathering.settle(0, false)).toEqual([1]);
  });

  it('has failed with the first part that it cannot do without', () => {
    const gathering = new Gathering(planGathering([[], []], [0, 1]));
    expect(gathering.settle(1, false)).toEqual([]);
    expect([gathering.failed, gathering.over]).toEqual([1, true]);
  });
});
