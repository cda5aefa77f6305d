import { describe, expect, it } from 'vitest';
import { apply, interruptedSteps, isCancellable, nextSteps, statusOf } from '../../../src/core/saga.js';
import { type NodeSpec, planObjection, sagaPlan } from '../../../src/core/saga-plan.js';
import { entryOf, FRESH, type SagaEvent, type SagaState } from '../../../src/core/saga-state.js';

const error = { name: 'Error', message: 'x' };
const node = (name: string, after: number[], more: Partial<NodeSpec> = {}): NodeSpec => ({
  ...{ name, after, kind: 'step' as const, undo: true, marked: false, repeatable: true },
  ...more,
});

const line = sagaPlan([node('a', []), node('b', [0]), node('c', [1])]);
const group = sagaPlan([node('a', []), node('b', [0]), node('c', [0]), node('d', [1, 2])]);
const decided = sagaPlan([
  node('a', []),
  node('p', [0], { kind: 'pivot', undo: false }),
  node('r', [1], { undo: false }),
]);

const told = (plan: typeof line, ...events: SagaEvent[]): SagaState =>
  events.reduce<SagaState>((state, event) => apply(plan, state, event), FRESH);
const done = (step: string, output?: unknown): SagaEvent => ({ kind: 'done', step, output });
const undone = (step: string): SagaEvent => ({ kind: 'undone', step });
const failed = (step: string, more: object = {}): SagaEvent => ({ kind: 'failed', step, error, ...more });
const cancelled: SagaEvent = { kind: 'cancelled', reason: 'enough' };
const next = (plan: typeof line, state: SagaState): string =>
  nextSteps(plan, state)
    .map(({ name }) => name)
    .join();

describe('a saga', () => {
  it('goes through its steps as they depend on each other', () => {
    expect(next(group, FRESH)).toBe('a');
    expect(next(group, told(group, done('a')))).toBe('b,c');
    expect(next(group, told(group, done('a'), done('b')))).toBe('c');
    expect(next(group, told(group, done('a'), done('b'), { kind: 'skipped', step: 'c' }))).toBe('d');
    expect(statusOf(group, told(group, done('a')))).toBe('running');
    expect(statusOf(group, told(group, done('a'), done('b'), done('c'), done('d')))).toBe('completed');
  });

  it('keeps what its steps answer, and what they failed with before', () => {
    const retrying = { kind: 'retrying' as const, step: 'a', at: 5, dueAt: 9, error };
    expect(entryOf(told(line, done('a', 7)), 'a')).toEqual({ state: 'done', output: 7 });
    expect(entryOf(told(line, { kind: 'skipped', step: 'a' }), 'a')).toStrictEqual({ state: 'skipped' });
    expect(entryOf(told(line, done('a'), cancelled, undone('a')), 'a')).toStrictEqual({ state: 'undone' });
    expect(told(line, done('a'))).toStrictEqual({ direction: 'forward', entries: { a: { state: 'done' } } });
    expect(entryOf(told(line, retrying, done('a', 7)), 'a')).toEqual({ state: 'done', output: 7, error });
    expect(entryOf(told(line, retrying), 'a')).toStrictEqual({ attempts: 1, firstAt: 5, dueAt: 9, error });
    expect(entryOf(told(line, retrying, { ...retrying, at: 10, dueAt: 20, maybe: true }), 'a')).toStrictEqual(
      {
        ...{ attempts: 2, firstAt: 5, dueAt: 20, maybe: true, error },
      },
    );
    expect(entryOf(FRESH, 'a')).toEqual({});
  });

  it('waits for what it is said to wait for', () => {
    expect(entryOf(told(line, { kind: 'waiting', step: 'a', dueAt: 9 }), 'a')).toStrictEqual({
      ...{ state: 'started', dueAt: 9 },
    });
    expect(entryOf(told(line, { kind: 'waiting', step: 'a' }), 'a')).toStrictEqual({ state: 'started' });
    // The clock of a store may begin at nought.
    expect(entryOf(told(line, { kind: 'waiting', step: 'a', dueAt: 0 }), 'a')).toStrictEqual({
      state: 'started',
      dueAt: 0,
    });
    expect(entryOf(told(line, { kind: 'started', step: 'a' }), 'a')).toStrictEqual({ state: 'started' });
    expect(next(line, told(line, { kind: 'started', step: 'a' }))).toBe('a');
  });

  it('turns back when a step fails, and undoes in the reverse of the order', () => {
    let state = told(group, done('a', 1), done('b'), done('c'), failed('d'));
    expect(state.because).toStrictEqual({ kind: 'failed', step: 'd', error });
    expect(entryOf(state, 'd')).toStrictEqual({ state: 'failed', error });
    expect([next(group, state), statusOf(group, state)]).toEqual(['b,c', 'compensating']);
    state = apply(group, state, undone('b'));
    expect(next(group, state)).toBe('c');
    state = apply(group, state, { kind: 'skipped', step: 'c', reason: 'r' });
    expect(entryOf(state, 'c')).toStrictEqual({ state: 'left', reason: 'r' });
    expect(next(group, state)).toBe('a');
    state = apply(group, state, { kind: 'undone', step: 'a', reason: 'by hand' });
    expect(entryOf(state, 'a')).toStrictEqual({ state: 'undone', reason: 'by hand' });
    expect(statusOf(group, state)).toBe('compensated');
  });

  it('undoes what may have run, and not what certainly has not', () => {
    const unknown = told(line, done('a'), failed('b', { maybe: true }));
    expect(entryOf(unknown, 'b')).toStrictEqual({ state: 'unknown', error });
    expect(next(line, unknown)).toBe('b');
    // Once one of its attempts may have run, a later refusal does not take that back.
    const retrying = { kind: 'retrying' as const, step: 'b', at: 5, dueAt: 9, maybe: true as const, error };
    expect(entryOf(told(line, done('a'), retrying, failed('b')), 'b')).toStrictEqual({
      ...{ state: 'unknown', maybe: true, error },
    });
    const beside = told(group, done('a'), failed('b', { begun: ['c'] }));
    expect(entryOf(beside, 'c')).toStrictEqual({ state: 'unknown' });
    // It ends after that: then more is known.
    expect(entryOf(apply(group, beside, failed('c')), 'c')).toStrictEqual({ state: 'failed', error });
    expect(entryOf(apply(group, beside, failed('c', { maybe: true })), 'c').state).toBe('unknown');
    expect(apply(group, beside, failed('c')).because).toEqual({ kind: 'failed', step: 'b', error });
    expect(entryOf(told(group, done('a'), failed('b')), 'c')).toEqual({});
    const cut = told(group, done('a'), { ...cancelled, begun: ['c'] } as SagaEvent);
    expect([entryOf(cut, 'b'), entryOf(cut, 'c')]).toStrictEqual([{}, { state: 'unknown' }]);
    // What is not next has not run, whoever says so.
    expect(entryOf(told(group, done('a'), failed('b', { begun: ['d'] })), 'd')).toEqual({});
  });

  it('takes a mark for an effect only of another saga', () => {
    const kinds = (kind: NodeSpec['kind']) =>
      sagaPlan([node('a', []), node('b', [], { kind, marked: true })]);
    const started: SagaEvent = { kind: 'started', step: 'b' };
    expect(entryOf(told(kinds('saga'), started, failed('a')), 'b')).toStrictEqual({ state: 'unknown' });
    expect(entryOf(told(kinds('saga'), failed('a')), 'b')).toEqual({});
    expect(entryOf(told(kinds('step'), started, failed('a')), 'b')).toStrictEqual({ state: 'started' });
    expect(entryOf(told(kinds('step'), started, failed('a', { begun: ['b'] })), 'b').state).toBe('unknown');
    expect(statusOf(kinds('step'), told(kinds('step'), started, failed('a')))).toBe('compensated');
  });

  it('is stuck after its pivot, and at one that may have run', () => {
    const unsure = told(decided, done('a'), failed('p', { maybe: true }));
    expect(entryOf(unsure, 'p')).toStrictEqual({ maybe: true, stuck: true, error });
    expect([statusOf(decided, unsure), next(decided, unsure), unsure.direction]).toEqual([
      'parked',
      '',
      'forward',
    ]);
    expect(entryOf(told(decided, done('a'), done('p'), failed('r')), 'r')).toStrictEqual({
      stuck: true,
      error,
    });
    expect(told(decided, done('a'), failed('p')).direction).toBe('backward');
    const late = told(decided, cancelled, failed('p', { maybe: true }));
    expect(entryOf(late, 'p')).toStrictEqual({ state: 'unknown', error });
    const forced = apply(decided, unsure, { kind: 'forced', reason: 'r' });
    expect(entryOf(forced, 'p')).toStrictEqual({ state: 'left', maybe: true, error });
    expect(forced.because).toStrictEqual({ kind: 'forced', reason: 'r' });
    expect(next(decided, forced)).toBe('a');
  });

  it('goes on beside what is stuck, and parks when nothing can run', () => {
    const stuck: SagaEvent = { kind: 'stuck', step: 'b', error };
    const beside = told(group, done('a'), stuck);
    expect([statusOf(group, beside), next(group, beside)]).toEqual(['running', 'c']);
    const parked = apply(group, beside, done('c'));
    expect([statusOf(group, parked), next(group, parked)]).toEqual(['parked', '']);
    expect(entryOf(parked, 'b')).toStrictEqual({ stuck: true, error });
    expect(entryOf(told(group, { ...stuck, maybe: true }), 'b')).toStrictEqual({
      maybe: true,
      stuck: true,
      error,
    });
    const undoing = told(line, done('a'), done('b'), failed('c'), stuck);
    expect([statusOf(line, undoing), next(line, undoing)]).toEqual(['parked', '']);
  });

  it('tries again what is stuck, and only that, as if for the first time', () => {
    const retrying = { kind: 'retrying' as const, at: 5, dueAt: 9, maybe: true as const, error };
    const state = told(
      group,
      done('a', 1),
      { ...retrying, step: 'b' },
      { ...retrying, step: 'c' },
      { kind: 'stuck', step: 'b', error },
      { kind: 'retried' },
    );
    expect(entryOf(state, 'b')).toStrictEqual({ maybe: true, error });
    expect(entryOf(state, 'c')).toStrictEqual({ attempts: 1, firstAt: 5, dueAt: 9, maybe: true, error });
    expect(entryOf(state, 'a')).toStrictEqual({ state: 'done', output: 1 });
    const undoing = told(
      line,
      done('a', 1),
      cancelled,
      { ...retrying, step: 'a' },
      { kind: 'stuck', step: 'a', error },
    );
    expect(entryOf(apply(line, undoing, { kind: 'retried' }), 'a')).toStrictEqual({
      ...{ state: 'done', output: 1, maybe: true, error },
    });
    expect(entryOf(told(line, { kind: 'skipped', step: 'a', reason: 'r' }, cancelled), 'a')).toStrictEqual({
      ...{ state: 'skipped', reason: 'r' },
    });
  });

  it('counts the sagas after the pivot that were undone, whatever else is tried again', () => {
    const before = told(decided, done('a'), done('p'), { kind: 'waiting', step: 'r' });
    const undoneOnce = apply(decided, before, failed('r', { again: true }));
    expect(entryOf(undoneOnce, 'r')).toStrictEqual({ state: 'started', again: 1, stuck: true, error });
    expect(statusOf(decided, undoneOnce)).toBe('parked');
    const retried = apply(decided, undoneOnce, { kind: 'retried' });
    expect(entryOf(retried, 'r')).toStrictEqual({ state: 'started', again: 1, error });
    const other = apply(decided, apply(decided, retried, failed('r')), { kind: 'retried' });
    expect(entryOf(other, 'r')).toStrictEqual({ state: 'started', again: 1, error });
    expect(entryOf(apply(decided, other, failed('r', { again: true })), 'r').again).toBe(2);
    // Before the pivot it turns the saga back, and is never tried again.
    expect(entryOf(told(line, failed('a', { again: true })), 'a')).toStrictEqual({ state: 'failed', error });
  });

  it('counts the attempts of both directions apart', () => {
    const retrying = { kind: 'retrying' as const, step: 'b', at: 5, dueAt: 9, error };
    const state = told(line, done('a'), retrying, cancelled);
    expect(entryOf(state, 'b')).toStrictEqual({ error });
    expect(state.because).toStrictEqual({ kind: 'cancelled', reason: 'enough' });
  });

  it('can be cancelled while it is under way and its pivot has not had its turn', () => {
    expect(isCancellable(line, FRESH)).toBe(true);
    expect(isCancellable(line, told(line, done('a'), done('b')))).toBe(true);
    expect(isCancellable(line, told(line, done('a'), done('b'), done('c')))).toBe(false);
    expect(isCancellable(line, told(line, cancelled))).toBe(false);
    expect(isCancellable(line, told(line, { kind: 'stuck', step: 'a', error }))).toBe(false);
    expect(isCancellable(decided, FRESH)).toBe(true);
    expect(isCancellable(decided, told(decided, done('a')))).toBe(false);
    expect(isCancellable(decided, told(decided, done('a'), done('p')))).toBe(false);
    expect(isCancellable(decided, told(decided, done('a'), { kind: 'skipped', step: 'p' }))).toBe(false);
  });
});

describe('an interruption', () => {
  const at = 10;

  it('is of the steps that had their turn, their time and their mark', () => {
    const plan = sagaPlan([
      ...[node('a', []), node('marked', [], { marked: true }), node('sleeps', [], { kind: 'sleep' })],
      ...[node('p', [], { kind: 'pivot' }), node('later', [0])],
    ]);
    expect(interruptedSteps(plan, FRESH, at)).toEqual(['a', 'p']);
    const started = told(plan, { kind: 'started', step: 'marked' });
    expect(interruptedSteps(plan, started, at)).toEqual(['a', 'marked', 'p']);
    const retrying = { kind: 'retrying' as const, step: 'a', at: 1, error };
    expect(interruptedSteps(plan, told(plan, { ...retrying, dueAt: at }), at)).toEqual(['a', 'p']);
    expect(interruptedSteps(plan, told(plan, { ...retrying, dueAt: at + 1 }), at)).toEqual(['p']);
    expect(interruptedSteps(plan, told(plan, { kind: 'stuck', step: 'a', error }), at)).toEqual(['p']);
  });

  it('is an attempt of which nobody knows', () => {
    const state = told(line, { kind: 'interrupted', at, steps: ['a', 'b'] });
    expect(entryOf(state, 'a')).toStrictEqual({ maybe: true, attempts: 1, firstAt: 10 });
    const again = apply(line, state, { kind: 'interrupted', at: 20, steps: ['a'] });
    expect(entryOf(again, 'a')).toStrictEqual({ maybe: true, attempts: 2, firstAt: 10 });
    const undoing = told(line, done('a'), cancelled, { kind: 'interrupted', at, steps: ['a'] });
    expect(entryOf(undoing, 'a')).toStrictEqual({ state: 'done', attempts: 1, firstAt: 10 });
  });
});

describe('a plan', () => {
  it('says what stands in no order that can be kept', () => {
    const pivot = { kind: 'pivot' as const, undo: false };
    expect(planObjection([node('a', [])])).toBeUndefined();
    expect(planObjection([node('a', []), node('p', [], pivot)])).toBe(
      '"a" must be over before the pivot "p" begins',
    );
    expect(planObjection([node('p', [], pivot), node('b', [], { undo: false })])).toBe(
      '"b" must not begin before the pivot "p" is over',
    );
    expect(planObjection([node('p', [], pivot), node('b', [0])])).toBe(
      '"b" comes after the pivot, and so is never undone',
    );
    expect(planObjection([node('p', [], pivot), node('q', [0], pivot)])).toBe('there is one pivot at most');
    expect(planObjection([node('p', [], pivot), node('b', [0], { undo: false })])).toBeUndefined();
  });

  it('knows who cannot fail for good', () => {
    expect(decided.nodes.map(({ retriable }) => retriable)).toEqual([false, false, true]);
    const first = sagaPlan([node('p', [], { kind: 'pivot' }), node('r', [0])]);
    expect(first.nodes.map(({ retriable }) => retriable)).toEqual([false, true]);
    expect(line.nodes.map(({ retriable }) => retriable)).toEqual([false, false, false]);
    expect([decided.pivot, line.pivot]).toEqual([1, -1]);
    expect(group.nodes.map(({ dependents }) => dependents)).toEqual([[1, 2, 3], [3], [3], []]);
  });
});
