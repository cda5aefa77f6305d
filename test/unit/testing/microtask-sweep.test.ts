import { describe, expect, it } from 'vitest';
import { type MicrotaskSweep, microtaskSweep, SweepError } from '../../../src/testing/microtask-sweep.js';

/** A sweep of nothing in particular; a test overrides what it is about. */
function sweep(overrides: Partial<MicrotaskSweep<string[]>>): MicrotaskSweep<string[]> {
  return {
    subject: () => [],
    trigger: log => log.push('trigger'),
    actions: { a: log => log.push('a'), b: log => log.push('b') },
    check: () => {},
    ...overrides,
  };
}

async function failure(overrides: Partial<MicrotaskSweep<string[]>>): Promise<SweepError> {
  const error = await microtaskSweep(sweep(overrides)).then(
    () => new Error('the sweep found nothing'),
    (reason: unknown) => reason,
  );
  if (error instanceof SweepError) return error;
  throw error;
}

describe('microtaskSweep', () => {
  it('issues singles and pairs, in both orders and at all offsets, each once', async () => {
    const plans = new Set<string>();
    const { runs } = await microtaskSweep(
      sweep({
        offsets: 3,
        check: (_log, calls) => {
          plans.add(calls.map(({ action, offset }) => action + offset).join());
        },
      }),
    );
    expect(runs).toBe(plans.size);
    expect([...plans].filter(plan => plan.length === 2)).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2']);
    expect([...plans].filter(plan => plan.startsWith('a1,'))).toEqual(['a1,a1', 'a1,a2', 'a1,b1', 'a1,b2']);
    expect([...plans].filter(plan => plan.startsWith('b1,'))).toEqual(['b1,a1', 'b1,a2', 'b1,b1', 'b1,b2']);
  });

  it('counts exactly one microtask per offset', async () => {
    const seen: string[] = [];
    await microtaskSweep(
      sweep({
        trigger: async log => {
          for (let hop = 0; ; hop++) {
            log.push(String(hop));
            if (hop === 16) return;
            await undefined;
          }
        },
        actions: { a: log => log.push('a') },
        check: (log, calls) => {
          if (calls.length === 1) seen.push(log[log.indexOf('a') - 1]!);
        },
      }),
    );
    expect(seen).toEqual(Array.from({ length: 17 }, (_, offset) => String(offset)));
  });

  it('gives every run a fresh subject and waits until it is ready', async () => {
    const subjects = new Set<string[]>();
    const { runs } = await microtaskSweep(
      sweep({
        subject: async () => ['ready'],
        check: log => {
          subjects.add(log);
          return log[0] === 'ready' && log[1] === 'trigger' ? undefined : log.join();
        },
      }),
    );
    expect([runs, subjects.size]).toEqual([646, 646]);
  });

  it('tells what became of each action', async () => {
    const states = new Map<string, unknown>();
    await microtaskSweep(
      sweep({
        trigger: () => Promise.reject(new Error('not ours to report')),
        actions: {
          fulfilled: async () => 'value',
          rejected: () => Promise.reject('reason'),
          threw: () => {
            throw 'thrown';
          },
          pending: () => new Promise(() => {}),
        },
        offsets: 2,
        check: (_log, calls) => {
          for (const { action, state, value, error } of calls) {
            states.set(action, [action === state, value, error]);
          }
        },
      }),
    );
    expect(Object.fromEntries(states)).toEqual({
      fulfilled: [true, 'value', undefined],
      rejected: [true, undefined, 'reason'],
      threw: [true, undefined, 'thrown'],
      pending: [true, undefined, undefined],
    });
  });

  it('collects all failures, a message or a throw, and lists the first by offset', async () => {
    const planted = new Error('thrown');
    const error = await failure({
      offsets: 4,
      check: async (_log, [first, second]) => {
        if (first?.action === 'b' && second?.action === 'a' && second.offset === 3) throw planted;
        return second === undefined && first?.offset === 2 ? `${first.action} spoke` : undefined;
      },
    });
    expect(error.runs).toBe(8 + 4 * 10);
    expect(error.failures.map(({ cause }) => cause)).toEqual([
      undefined,
      undefined,
      ...Array(4).fill(planted),
    ]);
    expect(error.message.split('\n').slice(0, 4)).toEqual([
      'microtaskSweep: 6 of 48 interleavings fail',
      '  a @2: a spoke',
      '  b @2: b spoke',
      '  b @0, then a @3: Error: thrown',
    ]);
  });

  it('cuts a long list of failures', async () => {
    const error = await failure({ check: () => 'no' });
    expect(error.failures).toHaveLength(646);
    expect(error.message).toMatch(/… and 636 more$/);
  });

  it.each([0, 1.5, -1, Number.NaN])('refuses %d offsets', async offsets => {
    await expect(microtaskSweep(sweep({ offsets }))).rejects.toThrow(RangeError);
  });

  it('refuses to sweep nothing', async () => {
    await expect(microtaskSweep(sweep({ actions: {} }))).rejects.toThrow(TypeError);
  });
});
