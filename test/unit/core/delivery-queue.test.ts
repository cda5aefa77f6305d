import { describe, expect, it } from 'vitest';
import { type Delivery, DeliveryQueue } from '../../../src/core/delivery-queue.js';

describe('DeliveryQueue', () => {
  it('hands out what is more urgent first, then by position', () => {
    const queue = new DeliveryQueue<string>({ order: 'none', leaseMs: 10 });
    queue.add('first', 1, undefined);
    queue.add('second', 2, undefined);
    queue.add('urgent', 3, undefined, 5);
    expect(queue.ready).toBe(3);
    expect([0, 0, 0, 0].map(() => queue.claim(0)?.message)).toEqual(['urgent', 'first', 'second', undefined]);
  });

  it('loses a lease at exactly its end, and answers the old holder stale from then on', () => {
    const queue = new DeliveryQueue<string>({ order: 'none', leaseMs: 10 });
    queue.add('a', 1, undefined);
    const first = queue.claim(0)!;
    const { epoch } = first;
    expect(queue.wake(9)).toBe(0);
    expect(queue.wake(10)).toBe(1);
    expect(queue.extend(first, epoch, 10, 10)).toBe('stale');
    const second = queue.claim(10)!;
    expect([second.attempt, queue.settle(first, epoch), queue.giveBack(first, epoch, 0, 10)]).toEqual([
      2,
      'stale',
      'stale',
    ]);
    expect(queue.settle(second, second.epoch)).toBe('done');
    expect(queue.settle(second, second.epoch)).toBe('stale');
    expect([queue.size, queue.leased, queue.earliest]).toEqual([0, 0, Infinity]);
  });

  it('extends a lease, without end too', () => {
    const queue = new DeliveryQueue<string>({ order: 'none', leaseMs: 10 });
    queue.add('a', 1, undefined);
    const held = queue.claim(0)!;
    expect(queue.extend(held, held.epoch, 10, 5)).toBe('done');
    expect(queue.earliest).toBe(15);
    expect(queue.extend(held, held.epoch, Infinity, 5)).toBe('done');
    expect(queue.earliest).toBe(Infinity);
    expect(queue.extend(held, held.epoch, 10, 6)).toBe('done');
    expect(queue.wake(16)).toBe(1);
    expect(queue.extend(held, 0, 10, 16)).toBe('stale');
  });

  it.each<[string, (queue: DeliveryQueue<string>, held: Delivery<string>) => unknown]>([
    ['given back', (queue, held) => queue.giveBack(held, held.epoch, 0, 0)],
    ['given back for later', (queue, held) => [queue.giveBack(held, held.epoch, 5, 0), queue.wake(5)]],
    ['given back untouched', (queue, held) => queue.release(held, held.epoch)],
    ['lost', queue => queue.wake(10)],
  ])('hands out what was %s before all that came after it', (_how, back) => {
    const queue = new DeliveryQueue<string>({ order: 'none', leaseMs: 10 });
    for (const [at, message] of ['a', 'b', 'c'].entries()) queue.add(message, at, undefined);
    back(queue, queue.claim(0)!);
    expect([20, 20, 20].map(now => queue.claim(now)?.message)).toEqual(['a', 'b', 'c']);
  });

  it('holds without end where the lease has none', () => {
    const queue = new DeliveryQueue<string>({ order: 'none', leaseMs: Infinity });
    queue.add('a', 1, undefined);
    const held = queue.claim(0)!;
    expect(queue.earliest).toBe(Infinity);
    expect(queue.giveBack(held, held.epoch, 0, 0)).toBe('done');
    expect(queue.claim(0)).toBe(held);
  });

  it('lines up what was published for later when its time has come, behind those of its key', () => {
    const queue = new DeliveryQueue<string>({ order: 'key', leaseMs: Infinity });
    queue.add('later', 1, 'k', 0, 100);
    queue.add('now', 2, 'k');
    const now = queue.claim(0)!;
    expect(queue.wake(100)).toBe(0);
    expect(queue.claim(100)).toBe(undefined);
    queue.settle(now, now.epoch);
    expect(queue.claim(100)?.message).toBe('later');
  });

  it('has one order for all of a topic, for each key, or none', () => {
    const claimed = (order: 'none' | 'key' | 'topic'): unknown[] => {
      const queue = new DeliveryQueue<string>({ order, leaseMs: Infinity });
      for (const [at, key] of ['a', 'a', 'b', undefined].entries()) queue.add(`${key} ${at}`, at, key);
      return [0, 0, 0, 0].map(() => queue.claim(0)?.message);
    };
    expect(claimed('none')).toEqual(['a 0', 'a 1', 'b 2', 'undefined 3']);
    expect(claimed('key')).toEqual(['a 0', 'b 2', 'undefined 3', undefined]);
    expect(claimed('topic')).toEqual(['a 0', undefined, undefined, undefined]);
  });

  it('hands out again what was given back for later, and holds its key until then', () => {
    const queue = new DeliveryQueue<string>({ order: 'key', leaseMs: Infinity });
    for (const at of [1, 2]) queue.add(`${at}`, at, 'k');
    const first = queue.claim(0)!;
    expect(queue.giveBack(first, first.epoch, 30, 10)).toBe('done');
    expect([queue.earliest, queue.claim(39), queue.wake(39)]).toEqual([40, undefined, 0]);
    expect(queue.wake(40)).toBe(0);
    const again = queue.claim(40)!;
    expect([again.message, again.attempt, queue.claim(40)]).toEqual(['1', 2, undefined]);
    expect(queue.settle(again, again.epoch)).toBe('done');
    expect(queue.claim(40)?.message).toBe('2');
  });

  it('numbers what it hands out upwards, from one', () => {
    const queue = new DeliveryQueue<string>({ order: 'none', leaseMs: Infinity });
    for (const at of [1, 2]) queue.add(`${at}`, at, undefined);
    expect([queue.claim(0)?.epoch, queue.claim(0)?.epoch]).toEqual([1, 2]);
  });

  it('takes back what nobody has looked at as if it had not been handed out', () => {
    const queue = new DeliveryQueue<string>({ order: 'none', leaseMs: 10 });
    queue.add('a', 1, undefined);
    const first = queue.claim(0)!;
    const { epoch } = first;
    expect(queue.release(first, epoch)).toBe('done');
    expect(queue.release(first, epoch)).toBe('stale');
    expect([queue.leased, queue.earliest, queue.claim(0)?.attempt]).toEqual([0, Infinity, 1]);
  });
});
