import { describe, expect, it } from 'vitest';
import { Waiter, WaitLine, type WaitOrder } from '../../src/core/wait-line.js';

class Numbered extends Waiter {
  readonly item: number;

  constructor(item: number) {
    super();
    this.item = item;
  }
}

const line = (order: WaitOrder, places = Number.MAX_SAFE_INTEGER): WaitLine<Numbered> =>
  new WaitLine<Numbered>({ places, order, levels: 4, ageMs: 100 });

const join = (waiting: WaitLine<Numbered>, item: number, level: number, now: number): Numbered => {
  const waiter = new Numbered(item);
  waiting.join(waiter, level, now);
  return waiter;
};

describe('WaitLine, a million long', () => {
  const million = 1_000_000;

  it.each(['fifo', 'lifo', 'priority'] as const)('serves each of a million in constant time (%s)', order => {
    const waiting = line(order, million);
    for (let id = 0; id < million; id++) join(waiting, id, id & 3, id);
    expect(waiting.isFull).toBe(true);
    const start = performance.now();
    let served = 0;
    while (waiting.shift() !== undefined) served++;
    expect(served).toBe(million);
    // A line that moves its members when it serves would need minutes; this leaves room for a busy machine.
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('lets 10,000 leave at once from among 100,000, newest first or oldest first', () => {
    const waiting = line('fifo');
    const waiters: Numbered[] = [];
    for (let id = 0; id < 100_000; id++) waiters.push(join(waiting, id, 0, 0));
    const start = performance.now();
    let left = 0;
    for (let id = 0; id < 5_000; id++) {
      if (waiting.leave(waiters[50_000 + id]!)) left++;
      if (waiting.leave(waiters[49_999 - id]!)) left++;
    }
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(left).toBe(10_000);
    expect(waiting.size).toBe(90_000);
    expect(waiting.shift()?.item).toBe(0);
  });
});
