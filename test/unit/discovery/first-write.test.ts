import { describe, expect, it } from 'vitest';
import { firstWrite } from '../../../src/discovery/first-write.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

describe('a write over what was read', () => {
  it('is tried again until nobody came first, at once and then after a while', async () => {
    const clock = new VirtualClock();
    const at: number[] = [];
    const step = async () => {
      at.push(clock.now());
      return at.length === 6 ? 'mine' : undefined;
    };
    const done = firstWrite('a', step, clock, () => 0.5);
    await clock.advance(1_000);
    expect(await done).toBe('mine');
    expect(at.map(time => time - at[0]!)).toEqual([0, 0, 0, 0, 7.5, 17.5]);
  });

  it('is given up after a hundred tries', async () => {
    const clock = new VirtualClock();
    let tries = 0;
    const step = async () => {
      tries++;
      return undefined;
    };
    const done = firstWrite('etcd', step, clock, () => 1);
    const failed = expect(done).rejects.toThrow('etcd: others came first 100 times');
    await clock.advance(100 * 100);
    await failed;
    expect(tries).toBe(100);
  });
});
