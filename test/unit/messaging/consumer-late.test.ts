import { describe, expect, it } from 'vitest';
import { settle } from '../../../src/testing/settle.js';
import { type Odd, scene } from '../../fixtures/consumer.js';

describe('a consumer whose time went by', () => {
  const late = (odd: Odd, order: 'none' | 'key' = 'none') => {
    const seen: unknown[] = [];
    const ends: (() => void)[] = [];
    const handle = (data: unknown): Promise<void> => {
      seen.push(data);
      return new Promise(resolve => ends.push(resolve));
    };
    const all = scene({ group: 'g', concurrency: 1, prefetch: 8, order }, handle, odd);
    return { ...all, seen, end: () => ends.shift()!() };
  };

  it('begins nothing that another one may have by now, and gives it back', async () => {
    const { clock, deliver, seen, end, back, consumer, credit } = late({ leaseMs: 1_000 });
    for (const n of [1, 2, 3]) deliver(n);
    await clock.advance(1_000);
    expect(seen).toEqual([1]);
    deliver(4);
    end();
    await settle();
    expect(seen).toEqual([1, 4]);
    expect(back).toEqual([2, 3]);
    end();
    await settle();
    expect(consumer.load).toMatchObject({ held: 0, running: 0 });
    expect(credit()).toBe(8);
  });

  it('begins what has a moment left', async () => {
    const { clock, deliver, seen, end, back } = late({ leaseMs: 1_000 });
    for (const n of [1, 2]) deliver(n);
    await clock.advance(999);
    end();
    await settle();
    expect([seen, back]).toEqual([[1, 2], []]);
  });

  it('gives back with it what stands behind it in its lane, which came later', async () => {
    const odd: Odd = { leaseMs: 1_000, key: 'a' };
    const { clock, deliver, seen, end, back, consumer } = late(odd, 'key');
    for (const n of [1, 2]) deliver(n);
    await clock.advance(500);
    deliver(3);
    await clock.advance(500);
    end();
    await settle();
    expect(seen).toEqual([1]);
    expect([...back].sort()).toEqual([2, 3]);
    expect(consumer.load.held).toBe(0);
  });

  it('goes by no time where the broker says by itself when one is lost', async () => {
    const { clock, deliver, seen, end } = late({});
    for (const n of [1, 2]) deliver(n);
    await clock.advance(3_600_000);
    end();
    await settle();
    expect(seen).toEqual([1, 2]);
  });
});
