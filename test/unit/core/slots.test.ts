import { describe, expect, it } from 'vitest';
import { Slots } from '../../../src/core/slots.js';
import { Waiter } from '../../../src/core/wait-line.js';

class Named extends Waiter {
  readonly item: string;

  constructor(item: string) {
    super();
    this.item = item;
  }
}

const join = (bulkhead: Slots<Named>, item: string): Named => {
  const waiter = new Named(item);
  bulkhead.join(waiter, 0, 0);
  return waiter;
};

const slots = (limit: number, places = 10): Slots<Named> =>
  new Slots<Named>(limit, { places, order: 'fifo', levels: 1, ageMs: 1_000 });

const admitted = (bulkhead: Slots<Named>): string[] => {
  const items: string[] = [];
  while (items.length < 100) {
    const waiter = bulkhead.next();
    if (waiter === undefined) break;
    items.push(waiter.item);
  }
  return items;
};

describe('Slots', () => {
  it('takes slots until none is free', () => {
    const two = slots(2);
    expect([two.take(), two.take(), two.take()]).toEqual([true, true, false]);
    expect([two.limit, two.taken, two.waiting]).toEqual([2, 2, 0]);
  });

  it('evicts whoever is next, who gets no slot', () => {
    const one = slots(1);
    one.take();
    const a = join(one, 'a');
    join(one, 'b');
    expect(one.evict()).toBe(a);
    one.release();
    expect(one.evict()?.item).toBe('b');
    expect(one.evict()).toBeUndefined();
    expect([one.taken, one.waiting]).toEqual([0, 0]);
  });

  it('keeps a released slot for those who wait', () => {
    const one = slots(1);
    one.take();
    join(one, 'a');
    join(one, 'b');
    one.release();
    expect(one.take()).toBe(false);
    expect(one.next()?.item).toBe('a');
    expect(one.next()).toBeUndefined();
    expect([one.taken, one.waiting]).toEqual([1, 1]);
    one.release();
    expect(admitted(one)).toEqual(['b']);
    one.release();
    expect(admitted(one)).toEqual([]);
    expect(one.take()).toBe(true);
  });

  it('never frees more slots than were taken', () => {
    const one = slots(1);
    one.take();
    one.release();
    one.release();
    expect(one.taken).toBe(0);
    expect([one.take(), one.take()]).toEqual([true, false]);
  });

  it('does not serve a waiter that left', () => {
    const one = slots(1);
    one.take();
    const gone = join(one, 'gone');
    join(one, 'stays');
    expect([one.leave(gone), one.leave(gone)]).toEqual([true, false]);
    one.release();
    expect(one.next()?.item).toBe('stays');
  });

  it('admits waiters at once after the limit was raised, and no newcomer before them', () => {
    const one = slots(1);
    one.take();
    for (const item of ['a', 'b', 'c']) join(one, item);
    one.resize(3);
    expect(one.take()).toBe(false);
    expect(admitted(one)).toEqual(['a', 'b']);
    expect([one.limit, one.taken, one.waiting]).toEqual([3, 3, 1]);
  });

  it('takes no slot away when the limit is lowered, and admits nobody until below it', () => {
    const three = slots(3);
    for (let call = 0; call < 3; call++) three.take();
    join(three, 'a');
    three.resize(1);
    expect(admitted(three)).toEqual([]);
    three.release();
    three.release();
    expect(three.next()).toBeUndefined();
    three.release();
    expect(three.next()?.item).toBe('a');
    expect([three.limit, three.taken]).toEqual([1, 1]);
  });

  it('is full when the line is', () => {
    const one = slots(1, 1);
    one.take();
    expect(one.isFull).toBe(false);
    join(one, 'a');
    expect(one.isFull).toBe(true);
    expect(one.displace(0, 0)).toBeUndefined();
  });

  it('changes how many may wait, and sends nobody away', () => {
    const one = slots(1, 1);
    one.take();
    join(one, 'a');
    one.resizeLine(2);
    expect(one.isFull).toBe(false);
    one.resizeLine(0);
    expect([one.isFull, one.waiting]).toEqual([true, 1]);
  });

  it('makes room for a newcomer where the order allows it', () => {
    const one = new Slots<Named>(1, { places: 1, order: 'lifo', levels: 1, ageMs: 1_000 });
    one.take();
    join(one, 'old');
    expect(one.displace(0, 0)?.item).toBe('old');
    expect([one.waiting, one.isFull]).toEqual([0, false]);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses a limit of %d', limit => {
    const rule = `Slots: \`limit\` must be an integer >= 1, got ${limit}`;
    expect(() => slots(limit)).toThrow(new RangeError(rule));
    const one = slots(1);
    expect(() => one.resize(limit)).toThrow(new RangeError(rule));
    expect(one.limit).toBe(1);
  });
});
