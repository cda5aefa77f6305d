import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply, nextSteps, statusOf } from '../../src/core/saga.js';
import { type NodeSpec, planObjection, sagaPlan } from '../../src/core/saga-plan.js';
import { nextAttemptAt } from '../../src/core/saga-retry.js';
import { FRESH, type SagaState } from '../../src/core/saga-state.js';
import { storable } from '../../src/saga/storable.js';

/**
 * Nodes of which each comes after some of those before it; one of them may be a pivot, wherever it stands.
 */
const specs: fc.Arbitrary<readonly NodeSpec[]> = fc
  .record({
    befores: fc.array(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), { minLength: 1, maxLength: 8 }),
    pivots: fc.array(fc.nat(9), { maxLength: 2 }),
    undo: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  })
  .map(({ befores, pivots, undo }) =>
    befores.map((before, at) => ({
      ...{ name: `n${at}`, marked: false, repeatable: true },
      kind: pivots.includes(at) ? ('pivot' as const) : ('step' as const),
      after: before.flatMap((comes, other) => (comes && other < at ? [other] : [])),
      undo: undo[at]!,
    })),
  );

/** Whether there is a way from one node to another, by trying all ways. */
const leadsTo = (nodes: readonly NodeSpec[], from: number, to: number): boolean =>
  nodes[to]!.after.some(before => before === from || leadsTo(nodes, from, before));

const range = (nodes: readonly unknown[]): number[] => nodes.map((_, at) => at);

describe('a plan', () => {
  it('knows of each node all that depend on it', () => {
    fc.assert(
      fc.property(specs, nodes => {
        const plan = sagaPlan(nodes);
        for (const at of range(nodes)) {
          expect(plan.nodes[at]!.dependents).toEqual(range(nodes).filter(other => leadsTo(nodes, at, other)));
          expect(plan.positions.get(nodes[at]!.name)).toBe(at);
        }
      }),
    );
  });

  it('objects exactly where a node is not wholly before or wholly after the pivot', () => {
    const seen = { fine: 0, not: 0 };
    fc.assert(
      fc.property(specs, nodes => {
        const pivots = range(nodes).filter(at => nodes[at]!.kind === 'pivot');
        const [pivot = -1] = pivots;
        const fits = (at: number): boolean => {
          if (at < pivot) return leadsTo(nodes, at, pivot);
          return at === pivot || (leadsTo(nodes, pivot, at) && !nodes[at]!.undo);
        };
        const fine = pivot < 0 || (pivots.length === 1 && range(nodes).every(fits));
        seen[fine ? 'fine' : 'not']++;
        expect(planObjection(nodes) === undefined).toBe(fine);
      }),
    );
    expect(Math.min(seen.fine, seen.not)).toBeGreaterThan(10);
  });

  it('is gone through in its order, and back in the reverse of it', () => {
    fc.assert(
      fc.property(specs, fc.infiniteStream(fc.nat(99)), fc.nat(8), (given, picks, turnAt) => {
        const nodes = given.map(node => ({ ...node, kind: 'step' as const }));
        const plan = sagaPlan(nodes);
        let state: SagaState = FRESH;
        const order: number[] = [];
        const pick = (): number => {
          const next = nextSteps(plan, state).map(({ name }) => plan.positions.get(name)!);
          expect(next).toEqual([...next].sort((a, b) => a - b));
          return next[picks.next().value! % next.length]!;
        };
        while (statusOf(plan, state) === 'running' && order.length < turnAt) {
          const at = pick();
          expect(nodes[at]!.after.filter(before => !order.includes(before))).toEqual([]);
          state = apply(plan, state, { kind: 'done', step: nodes[at]!.name });
          order.push(at);
        }
        if (statusOf(plan, state) === 'completed') {
          expect(order.length).toBe(nodes.length);
          return;
        }
        state = apply(plan, state, { kind: 'cancelled', reason: 'r' });
        const left = new Set(order.filter(at => nodes[at]!.undo));
        while (statusOf(plan, state) === 'compensating') {
          const at = pick();
          expect(left.delete(at)).toBe(true);
          expect([...left].filter(other => leadsTo(nodes, at, other))).toEqual([]);
          state = apply(plan, state, { kind: 'undone', step: nodes[at]!.name });
        }
        expect([statusOf(plan, state), left.size]).toEqual(['compensated', 0]);
      }),
    );
  });
});

describe('the time of the next attempt', () => {
  const backoff = { kind: 'exponential' as const, initialMs: 200, maxMs: 30_000 };
  const ms = fc.nat(10_000_000);

  it('comes after the last one, within what the schedule and the budget allow, or never', () => {
    fc.assert(
      fc.property(
        fc.record({
          attempts: fc.integer({ min: 1, max: 30 }),
          maxElapsedMs: ms,
          tried: fc.integer({ min: 1, max: 40 }),
        }),
        ms,
        ms,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        ({ attempts, maxElapsedMs, tried }, firstAt, sinceMs, random) => {
          const now = firstAt + sinceMs;
          const rules = { attempts, maxElapsedMs, backoff };
          const at = nextAttemptAt(rules, tried, firstAt, now, random);
          const longest = Math.min(30_000, 200 * 2 ** (tried - 1));
          if (at === undefined) {
            expect(tried >= attempts || sinceMs + longest > maxElapsedMs).toBe(true);
            return;
          }
          expect(tried).toBeLessThan(attempts);
          expect(at - now).toBeGreaterThanOrEqual(0);
          expect(at - now).toBeLessThanOrEqual(longest);
          expect(at - firstAt).toBeLessThanOrEqual(maxElapsedMs);
          expect(Number.isSafeInteger(at)).toBe(true);
        },
      ),
    );
  });
});

describe('what a store keeps', () => {
  const most = 10_000;

  it('is what JSON would make of it, and frozen through and through', () => {
    const frozenThrough = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozenThrough));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), value => {
        fc.pre(!/"(__proto__|constructor)":/.test(JSON.stringify(value)));
        const text = JSON.stringify(value);
        const kept = storable(value, 'x', most);
        expect(kept).toStrictEqual(JSON.parse(text));
        expect(JSON.stringify(kept)).toBe(text);
        expect(frozenThrough(kept)).toBe(true);
        if (typeof value === 'object' && value !== null) expect(kept).not.toBe(value);
      }),
    );
  });

  it('is nothing that JSON would change or lose, wherever it hides', () => {
    class Money {}
    const foreign = fc.constantFrom<unknown>(
      ...[NaN, Infinity, -Infinity, 1n, Symbol('s'), () => 1, new Date(0), /x/, new Map(), new Set()],
      ...[new Money(), new Uint8Array(2), new Error('x'), Promise.resolve(), Object(1), new WeakMap()],
      ...[JSON.parse('{"__proto__":1}'), JSON.parse('{"constructor":1}')],
    );
    const wrap = fc.array(fc.constantFrom('list', 'field'), { maxLength: 5 });
    fc.assert(
      fc.property(foreign, wrap, (value, ways) => {
        const hidden = ways.reduce<unknown>(
          (inner, way) => (way === 'list' ? [0, inner] : { a: inner }),
          value,
        );
        const place = ways
          .map(way => (way === 'list' ? '[1]' : '.a'))
          .reverse()
          .join('');
        expect(() => storable(hidden, 'x', most)).toThrow(TypeError);
        expect(() => storable(hidden, 'x', most)).toThrow(`x${place}`);
      }),
    );
  });

  it('is never much larger than it may be, whatever it is made of', () => {
    const large = fc.oneof(
      fc.array(fc.constantFrom(null, true, 0, '', 'text', {}, []), { maxLength: 200 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.constantFrom(null, false, 1, 'x'), { maxKeys: 60 }),
    );
    fc.assert(
      fc.property(large, value => {
        const { length } = JSON.stringify(value);
        const take = (): unknown => storable(value, 'x', 300);
        if (length > 900) expect(take).toThrow(RangeError);
        if (length < 100) expect(take).not.toThrow();
      }),
    );
    expect(() => storable(new Array(4e9 / 4), 'x', 1_000)).toThrow(
      'x is larger than 1000 characters of JSON',
    );
  });

  it('is no circle', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => storable(circle, 'x', most)).toThrow('more than 64 deep, which JSON cannot hold');
  });
});
