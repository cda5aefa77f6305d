import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Node, Subject } from '../unit/kernel/deadline-subject.js';

const SPAN = 50;

type Deed =
  | { readonly add: number }
  | { readonly remove: number }
  | { readonly block: number }
  | { readonly look: true }
  | { readonly turn: number };

const few = fc.integer({ min: 0, max: 40 });
/** Of a deadline from outside how much later it is than the span; some have none. */
const slack = fc.oneof({ arbitrary: few, weight: 2 }, fc.constant(Infinity));
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { arbitrary: fc.record({ add: slack }), weight: 4 },
  fc.record({ remove: few }),
  fc.record({ block: few }),
  fc.record({ look: fc.constant(true as const) }),
  { arbitrary: fc.record({ turn: few }), weight: 2 },
);

/** What the list promises, reckoned anew for all at the end of each turn. */
class Naive {
  readonly nodes = new Map<string, { node: Node; due: number; fresh: boolean }>();

  /** The turn has ended at `now`: what began in it is given the turn on top, up to its own deadline. */
  settle(now: number): void {
    for (const entry of this.nodes.values()) {
      if (entry.fresh) entry.due = Math.min(now + SPAN, entry.node.latest);
      entry.fresh = false;
    }
  }

  /** Those whose time has come. */
  expire(now: number): string[] {
    const gone = [...this.nodes].filter(([, { due, fresh }]) => !fresh && due <= now);
    for (const [label] of gone) this.nodes.delete(label);
    return gone.map(([label]) => label).sort();
  }
}

it('deadlines of one span fire at their own time, whatever turns block, and none before or after', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60 }), deeds => {
      const subject = new Subject();
      const { clock, list, fired } = subject;
      const naive = new Naive();
      let made = 0;
      const endTurn = (ms: number): void => {
        naive.settle(clock.time);
        clock.nextTurn(ms);
        // Timers fire at the beginning of a turn, and what is late by then expires at its end.
        clock.nextTurn();
        expect(fired.splice(0).sort()).toEqual(naive.expire(clock.time));
      };
      for (const next of deeds) {
        if ('add' in next) {
          const due = clock.coarse() + SPAN;
          const node = new Node(`${made++}`, due, due + next.add);
          // As a timeout does, which sets a timer for what does not fit.
          if (!list.fits(due)) continue;
          list.add(node, clock.coarse());
          naive.nodes.set(node.label, { node, due, fresh: true });
        } else if ('remove' in next) {
          const [label, entry] = [...naive.nodes][next.remove] ?? [];
          if (entry === undefined) continue;
          list.remove(entry.node);
          naive.nodes.delete(label!);
        } else if ('block' in next) clock.block(next.block);
        else if ('look' in next) clock.refresh();
        else endTurn(next.turn);
      }
      for (let turns = 0; turns < 5; turns++) endTurn(SPAN);
      expect([naive.nodes.size, clock.timersAt.length, list.fits(0)]).toEqual([0, 0, true]);
    }),
    { numRuns: 1_000 },
  );
});
