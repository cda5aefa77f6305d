import { describe, expect, it } from 'vitest';
import { ExplorationError, explore, type Machine } from '../../../src/testing/explore.js';

/** Two callers, one slot. `barge` plants a bug: the second caller does not look whether the slot is free. */
function slot(barge: boolean): Machine<string, string> {
  return {
    initial: '--',
    *events(state) {
      if (state[0] === '-' && state[1] === '-') yield 'a enters';
      if (state[0] === 'x') yield 'a leaves';
      if (state[1] === '-' && (barge || state[0] === '-')) yield 'b enters';
      if (state[1] === 'x') yield 'b leaves';
    },
    step(state, event) {
      const mark = event.endsWith('enters') ? 'x' : '-';
      return event.startsWith('a') ? mark + state[1] : state[0] + mark;
    },
    key: state => state,
    invariant: (_before, _event, after) => (after === 'xx' ? 'both are in' : undefined),
  };
}

function failure<S, E>(machine: Machine<S, E>): ExplorationError<S, E> {
  try {
    explore(machine);
  } catch (error) {
    if (error instanceof ExplorationError) return error as ExplorationError<S, E>;
    throw error;
  }
  throw new Error('the walk found nothing');
}

const counter = (limit: number): Machine<number, 'up' | 'down'> => ({
  initial: 0,
  events: () => ['up', 'down'],
  step: (n, event) => (event === 'up' ? Math.min(limit, n + 1) : Math.max(0, n - 1)),
  key: String,
});

describe('explore', () => {
  it('visits every state and transition of a correct machine once', () => {
    expect(explore(slot(false))).toEqual({ states: 3, transitions: 4, depth: 1, goals: {} });
    expect(explore(counter(9))).toEqual({ states: 10, transitions: 20, depth: 9, goals: {} });
  });

  it('finds a planted bug by its shortest trace and prints it line by line', () => {
    const error = failure(slot(true));
    expect(error.reason).toBe('violation');
    expect(error.trace).toEqual(['a enters', 'b enters']);
    expect(error.state).toBe('xx');
    expect(error.message).toBe(
      'violation after 2 events: both are in\n  1. a enters\n  2. b enters\n  state: xx',
    );
  });

  it('drives mutable machines that are cloned by the step', () => {
    class Box {
      items: number[] = [];
    }
    const machine: Machine<Box, number> = {
      initial: () => new Box(),
      events: box => (box.items.length < 3 ? [1, 2] : []),
      step(box, item) {
        const clone = new Box();
        clone.items = [...box.items, item];
        return clone;
      },
      key: box => box.items.join(),
      always: box => (box.items.join() === '2,1,2' ? 'planted' : undefined),
    };
    expect(failure(machine).trace).toEqual([2, 1, 2]);
    expect(explore({ ...machine, always: () => {} }).states).toBe(1 + 2 + 4 + 8);
  });

  it('refuses a step that changes the state it was given', () => {
    const machine: Machine<number[], string> = {
      initial: () => [],
      events: list => (list.length < 2 ? ['push'] : []),
      step: list => {
        list.push(1);
        return list;
      },
      key: String,
    };
    expect(failure(machine)).toMatchObject({ reason: 'machine', trace: [] });
  });

  it('says so when a failing machine is not deterministic', () => {
    let calls = 0;
    const machine: Machine<number, string> = {
      initial: 0,
      events: n => (n < 9 ? ['roll'] : []),
      step: n => n + 1 + 100 * (calls++ < 3 ? 0 : 1),
      key: String,
      always: n => (n > 100 ? 'planted' : undefined),
    };
    expect(failure(machine).message).toContain('not deterministic');
  });

  it('checks the first state too', () => {
    expect(failure({ ...counter(3), always: n => (n === 0 ? 'zero' : undefined) })).toMatchObject({
      reason: 'violation',
      trace: [],
      state: 0,
    });
  });

  it.each(['step', 'invariant', 'always'] as const)('takes a throw in `%s` for a violation', where => {
    const planted = new Error('planted');
    const machine = counter(5);
    const thrower = (n: number): void => {
      if (n === 3) throw planted;
    };
    const error = failure<number, 'up' | 'down'>({
      ...machine,
      step: (n, event) => {
        const after = machine.step(n, event);
        if (where === 'step') thrower(after);
        return after;
      },
      ...(where === 'invariant' && { invariant: (_before, _event, after) => thrower(after) }),
      ...(where === 'always' && { always: thrower }),
    });
    expect(error.cause).toBe(planted);
    expect(error.message).toContain('violation after 3 events: Error: planted');
    expect(error.trace).toEqual(['up', 'up', 'up']);
    expect(error.state).toBe(where === 'step' ? 2 : 3);
  });

  it('counts the states in which a goal holds and fails when it never does', () => {
    const goals = { even: (n: number) => n % 2 === 0, big: (n: number) => n > 7 };
    expect(explore({ ...counter(9), goals }).goals).toEqual({ even: 5, big: 2 });
    const error = failure({ ...counter(5), goals });
    expect(error.reason).toBe('goal');
    expect(error.message).toBe('goal: never reached: big (in 6 states)');
    expect(error.exploration.goals).toEqual({ even: 3, big: 0 });
  });

  it('keeps thousands of states and transitions apart', () => {
    const liveness = [
      { name: 'it drains', to: (n: number) => n === 0, by: (event: string) => event === 'down' },
    ];
    const walk: Machine<number, 'up' | 'down'> = { ...counter(5_000), liveness };
    expect(explore(walk)).toEqual({ states: 5_001, transitions: 10_002, depth: 5_000, goals: {} });
    const error = failure({ ...walk, always: n => (n === 4_321 ? 'planted' : undefined) });
    expect(error.trace).toEqual(new Array(4_321).fill('up'));
    expect(error.message).not.toContain('not deterministic');
    const stuck = failure({
      ...walk,
      step: (n, event) => (n === 3_000 ? 3_001 : counter(5_000).step(n, event)),
    });
    expect([stuck.reason, stuck.state]).toEqual(['liveness', 3_000]);
  });

  it('treats more than maxStates as an error, and exactly maxStates as a proof', () => {
    const error = failure({ ...counter(100), maxStates: 10 });
    expect(error.reason).toBe('limit');
    expect(error.exploration.states).toBe(10);
    expect(error.trace).toHaveLength(10);
    expect(explore({ ...counter(9), maxStates: 10 }).states).toBe(10);
  });

  it.each([0, -1, Number.NaN, 1e9])('rejects maxStates %d', maxStates => {
    expect(() => explore({ ...counter(1), maxStates })).toThrow(RangeError);
  });

  it('rejects more liveness properties than it has bits for', () => {
    const liveness = Array.from({ length: 32 }, () => ({ name: 'x', to: () => true }));
    expect(() => explore({ ...counter(1), liveness })).toThrow(RangeError);
    expect(explore({ ...counter(1), liveness: liveness.slice(1) }).states).toBe(2);
  });

  it('prints events that are not strings as JSON, or as `show` says', () => {
    const machine: Machine<number, { add: number }> = {
      initial: 0,
      events: () => [{ add: 1 }],
      step: (n, { add }) => n + add,
      key: String,
      always: n => (n === 1 ? 'one' : undefined),
    };
    expect(failure(machine).message).toContain('after 1 event: one\n  1. {"add":1}\n');
    expect(failure({ ...machine, show: event => `+${event.add}` }).message).toContain('\n  1. +1\n');
  });
});
