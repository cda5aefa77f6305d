import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Waiter, WaitLine, type WaitOrder } from '../../src/core/wait-line.js';

class Numbered extends Waiter {
  readonly item: number;

  constructor(item: number) {
    super();
    this.item = item;
  }
}

const line = (
  order: WaitOrder,
  places = Number.MAX_SAFE_INTEGER,
  levels = 4,
  ageMs = 100,
): WaitLine<Numbered> => new WaitLine<Numbered>({ places, order, levels, ageMs });

const drain = (waiting: WaitLine<Numbered>): number[] => {
  const items: number[] = [];
  while (items.length < 1_000) {
    const waiter = waiting.shift();
    if (waiter === undefined) break;
    items.push(waiter.item);
  }
  return items;
};

const orders = fc.constantFrom<WaitOrder>('fifo', 'lifo', 'priority');

interface Arrival {
  readonly level: number;
  readonly at: number;
}

const arrivals = fc
  .array(fc.record({ level: fc.nat({ max: 3 }), gapMs: fc.nat({ max: 150 }) }), { maxLength: 60 })
  .map(list => {
    let at = 0;
    return list.map(({ level, gapMs }): Arrival => {
      at += gapMs;
      return { level, at };
    });
  });

const join = (waiting: WaitLine<Numbered>, item: number, level: number, now: number): Numbered => {
  const waiter = new Numbered(item);
  waiting.join(waiter, level, now);
  return waiter;
};

const joinAll = (waiting: WaitLine<Numbered>, list: readonly Arrival[]): Numbered[] =>
  list.map(({ level, at }, id) => join(waiting, id, level, at));

describe('WaitLine', () => {
  it('serves everyone who stays exactly once, whoever leaves', () => {
    fc.assert(
      fc.property(orders, arrivals, fc.array(fc.nat({ max: 59 })), (order, list, leaving) => {
        const waiting = line(order);
        const waiters = joinAll(waiting, list);
        const left = new Set(leaving.filter(id => id < list.length));
        for (const id of leaving) if (id < list.length) waiting.leave(waiters[id]!);
        expect(waiting.size).toBe(list.length - left.size);
        const served = drain(waiting);
        expect(served.sort((a, b) => a - b)).toEqual([...list.keys()].filter(id => !left.has(id)));
      }),
    );
  });

  it('lets a waiter be overtaken only by those who come within its level times the age span after it', () => {
    fc.assert(
      fc.property(arrivals, list => {
        const waiting = line('priority');
        joinAll(waiting, list);
        const served = drain(waiting);
        served.forEach((id, turn) => {
          const { level, at } = list[id]!;
          for (const other of served.slice(0, turn).filter(before => before > id)) {
            expect(list[other]!.at - at).toBeLessThan(level * 100);
          }
        });
      }),
    );
  });

  it('serves in the same order whenever it serves, since waiters never change places', () => {
    fc.assert(
      fc.property(orders, arrivals, fc.nat({ max: 20 }), (order, list, early) => {
        const waiting = line(order);
        const waiters = joinAll(waiting, list);
        const few = Array.from({ length: Math.min(early, list.length) }, () => waiting.shift()!.item);
        const again = line(order);
        joinAll(again, list);
        expect([...few, ...drain(waiting)]).toEqual(drain(again));
        expect(waiters.some(waiter => waiting.leave(waiter))).toBe(false);
      }),
    );
  });

  it('turns away from a full line whoever an endless line would serve last', () => {
    fc.assert(
      fc.property(orders, arrivals, fc.nat({ max: 3 }), (order, list, level) => {
        fc.pre(list.length > 0);
        const now = list.at(-1)!.at;
        const endless = line(order);
        joinAll(endless, [...list, { level, at: now }]);
        const served = drain(endless);

        const full = line(order, list.length);
        joinAll(full, list);
        const gone = full.displace(level, now);
        if (gone !== undefined) join(full, list.length, level, now);
        expect(gone?.item ?? list.length).toBe(served.at(-1));
        expect(drain(full)).toEqual(served.slice(0, -1));
      }),
    );
  });
});
