import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Waiter, WaitLine, type WaitOrder } from '../../src/core/wait-line.js';

const line = (
  order: WaitOrder,
  places = Number.MAX_SAFE_INTEGER,
  levels = 4,
  ageMs = 100,
): WaitLine<number> => new WaitLine<number>({ places, order, levels, ageMs });

const drain = (waiting: WaitLine<number>): number[] => {
  const items: number[] = [];
  for (let waiter = waiting.shift(); waiter !== undefined; waiter = waiting.shift()) items.push(waiter.item);
  return items;
};

const orders = fc.constantFrom<WaitOrder>('fifo', 'lifo', 'priority');
const arrivals = fc.array(fc.record({ level: fc.nat({ max: 3 }), gapMs: fc.nat({ max: 150 }) }), {
  maxLength: 60,
});

describe('WaitLine', () => {
  it('serves everyone who stays exactly once, whoever leaves', () => {
    fc.assert(
      fc.property(orders, arrivals, fc.array(fc.nat({ max: 59 })), (order, list, leaving) => {
        const waiting = line(order);
        let now = 0;
        const waiters = list.map(({ level, gapMs }, id) => waiting.join(id, level, (now += gapMs)));
        const left = new Set(leaving.filter(id => id < list.length));
        for (const id of leaving) if (id < list.length) waiting.leave(waiters[id]!);
        expect(waiting.size).toBe(list.length - left.size);
        const served = drain(waiting);
        expect([...served].sort((a, b) => a - b)).toEqual([...list.keys()].filter(id => !left.has(id)));
      }),
    );
  });

  it('never lets a waiter be overtaken by one that came more than its level times the age span after it', () => {
    fc.assert(
      fc.property(arrivals, list => {
        const waiting = line('priority');
        let now = 0;
        const at = list.map(({ gapMs }) => (now += gapMs));
        list.forEach(({ level }, id) => {
          waiting.join(id, level, at[id]!);
        });
        const served = drain(waiting);
        served.forEach((id, turn) => {
          const overtakenBy = served.slice(0, turn).filter(other => other > id);
          for (const other of overtakenBy) expect(at[other]! - at[id]!).toBeLessThan(list[id]!.level * 100);
        });
      }),
    );
  });

  it('serves the same order whenever the serving happens, since waiters never change places', () => {
    fc.assert(
      fc.property(orders, arrivals, fc.nat({ max: 20 }), (order, list, early) => {
        const waiting = line(order);
        let now = 0;
        const waiters = list.map(({ level, gapMs }, id) => waiting.join(id, level, (now += gapMs)));
        const few = Array.from({ length: Math.min(early, list.length) }, () => waiting.shift()!.item);
        const again = line(order);
        now = 0;
        list.forEach(({ level, gapMs }, id) => {
          again.join(id, level, (now += gapMs));
        });
        expect([...few, ...drain(waiting)]).toEqual(drain(again));
        expect(waiters.some(waiter => waiting.leave(waiter))).toBe(false);
      }),
    );
  });

  it('a displaced waiter and those who stay are served as if it had left by itself', () => {
    fc.assert(
      fc.property(orders, arrivals, fc.nat({ max: 3 }), (order, list, level) => {
        fc.pre(list.length > 0);
        const waiting = line(order, list.length);
        let now = 0;
        for (const [id, arrival] of list.entries()) waiting.join(id, arrival.level, (now += arrival.gapMs));
        const gone = waiting.displace(level, now);
        const all = line(order);
        now = 0;
        for (const [id, arrival] of list.entries()) all.join(id, arrival.level, (now += arrival.gapMs));
        all.join(-1, level, now);
        const served = drain(all);
        expect(served.at(-1)).toBe(gone === undefined ? -1 : gone.item);
        if (gone !== undefined) waiting.join(-1, level, now);
        expect(drain(waiting)).toEqual(served.slice(0, -1));
      }),
    );
  });
});

describe('WaitLine, a million long', () => {
  const million = 1_000_000;

  it.each(['fifo', 'lifo', 'priority'] as const)('serves each of a million in constant time (%s)', order => {
    const waiting = line(order, million, 4, 100);
    for (let id = 0; id < million; id++) waiting.join(id, id & 3, id);
    expect(waiting.isFull).toBe(true);
    const start = performance.now();
    let served = 0;
    while (waiting.shift() !== undefined) served++;
    expect(served).toBe(million);
    // A line that moves its members when it serves would need minutes; this leaves room for a busy machine.
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('lets 10,000 leave at once from among 100,000, newest first or oldest first', () => {
    const waiting = line('fifo');
    const waiters: Waiter<number>[] = [];
    for (let id = 0; id < 100_000; id++) waiters.push(waiting.join(id, 0, 0));
    const start = performance.now();
    let left = 0;
    for (let id = 0; id < 5_000; id++) {
      if (waiting.leave(waiters[50_000 + id]!)) left++;
      if (waiting.leave(waiters[49_999 - id]!)) left++;
    }
    expect(performance.now() - start).toBeLessThan(200);
    expect(left).toBe(10_000);
    expect(waiting.size).toBe(90_000);
    expect(waiting.shift()?.item).toBe(0);
  });
});
