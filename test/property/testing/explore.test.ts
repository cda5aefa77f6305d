import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExplorationError, explore } from '../../../src/testing/explore.js';

const SIZE = 7;
/** `graph[a]` lists where a's events lead; an event that is not fair must not be counted on. */
const arbitraryGraph = fc.array(
  fc.array(fc.record({ to: fc.nat(SIZE - 1), fair: fc.boolean() }), { maxLength: 3 }),
  { minLength: SIZE, maxLength: SIZE },
);
type Graph = { to: number; fair: boolean }[][];

const machine = (graph: Graph) => ({
  initial: 0,
  events: (state: number) => graph[state]!.keys(),
  step: (state: number, event: number) => graph[state]![event]!.to,
  key: String,
});

/** Distances from 0 by relaxing until nothing changes. */
function distances(graph: Graph): number[] {
  const far = graph.map((_, state) => (state === 0 ? 0 : Number.POSITIVE_INFINITY));
  for (const _round of graph) {
    graph.forEach((edges, state) => {
      for (const { to } of edges) far[to] = Math.min(far[to]!, far[state]! + 1);
    });
  }
  return far;
}

/** States that lead to `goal` over fair edges, by the textbook fixpoint. */
function leads(graph: Graph, goal: number, every: boolean): Set<number> {
  const good = new Set([goal]);
  for (const _round of graph) {
    graph.forEach((edges, state) => {
      const steps = edges.filter(({ to, fair }) => fair && to !== state).map(({ to }) => good.has(to));
      if (steps.length > 0 && (every ? steps.every(Boolean) : steps.some(Boolean))) good.add(state);
    });
  }
  return good;
}

describe('explore, on any graph', () => {
  it('visits what can be reached, and goes as deep as the farthest state', () => {
    fc.assert(
      fc.property(arbitraryGraph, graph => {
        const reached = distances(graph).flatMap((far, state) =>
          far < Number.POSITIVE_INFINITY ? [state] : [],
        );
        expect(explore(machine(graph))).toEqual({
          states: reached.length,
          transitions: reached.reduce((sum, state) => sum + graph[state]!.length, 0),
          depth: Math.max(...reached.map(state => distances(graph)[state]!)),
          goals: {},
        });
      }),
    );
  });

  it('reports a bad state by a trace of the shortest length that really leads there', () => {
    fc.assert(
      fc.property(arbitraryGraph, fc.nat(SIZE - 1), (graph, bad) => {
        const walk = () =>
          explore({ ...machine(graph), always: state => (state === bad ? 'bad' : undefined) });
        const far = distances(graph)[bad]!;
        if (far === Number.POSITIVE_INFINITY) {
          walk();
          return;
        }
        try {
          walk();
          expect.unreachable();
        } catch (error) {
          const { trace } = error as ExplorationError<number, number>;
          expect(trace).toHaveLength(far);
          expect(trace.reduce((state, event) => graph[state]![event]!.to, 0)).toBe(bad);
        }
      }),
    );
  });

  it.each(['some', 'every'] as const)('agrees with the textbook on liveness over %s paths', paths => {
    fc.assert(
      fc.property(arbitraryGraph, fc.nat(SIZE - 1), (graph, goal) => {
        const good = leads(graph, goal, paths === 'every');
        const stuck = distances(graph).some(
          (far, state) => far < Number.POSITIVE_INFINITY && !good.has(state),
        );
        const by = (event: number, state: number) => graph[state]![event]!.fair;
        const walk = () =>
          explore({ ...machine(graph), liveness: [{ name: 'x', to: s => s === goal, by, paths }] });
        if (stuck) expect(walk).toThrow(ExplorationError);
        else expect(walk).not.toThrow();
      }),
    );
  });
});
