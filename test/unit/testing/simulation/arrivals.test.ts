import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/testing/seeded-random.js';
import { type Arrivals, evenly, poisson, users } from '../../../../src/testing/simulation/arrivals.js';
import { constant } from '../../../../src/testing/simulation/distributions.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';

function start(arrivals: Arrivals, tookMs = 0) {
  const clock = new VirtualClock();
  const times: number[] = [];
  const arrive = (): Promise<void> => {
    times.push(clock.now());
    return new Promise(resolve => clock.schedule(tookMs, resolve));
  };
  return { clock, times, stop: arrivals({ clock, random: seededRandom(5), arrive }) };
}

describe('calls of an open loop', () => {
  it('come at equal distances, whether or not those before have ended', async () => {
    const { clock, times, stop } = start(evenly(100), 1_000_000);
    await clock.advance(35);
    expect(times).toEqual([10, 20, 30]);
    stop();
    await clock.advance(100);
    expect(times).toHaveLength(3);
  });

  it('come at random, as many as were asked for, and as irregularly as they should', () => {
    const { clock, times } = start(poisson(100));
    clock.advanceSync(1_000_000);
    expect(times.length / 100_000).toBeCloseTo(1, 1.5);
    const gaps = times.slice(1).map((at, before) => at - times[before]!);
    const variance = gaps.reduce((sum, gap) => sum + (gap - 10) ** 2, 0) / gaps.length;
    // The deviation of spans without memory is their mean.
    expect(Math.sqrt(variance) / 10).toBeCloseTo(1, 1);
  });

  it('follow a rate that changes', async () => {
    const { clock, times } = start(evenly(nowMs => (nowMs < 1_000 ? 10 : 100)));
    await clock.advance(2_000);
    expect(times.filter(at => at <= 1_000)).toHaveLength(10);
    expect(times.filter(at => at > 1_000)).toHaveLength(100);
  });

  it('have a rate that is more than 0', async () => {
    expect(() => poisson(0)).toThrow('poisson: `callsPerSecond` must be a number > 0, got 0');
    const { clock } = start(evenly(nowMs => (nowMs < 100 ? 100 : 0)));
    await expect(clock.advance(200)).rejects.toThrow('evenly: `callsPerSecond` must be a number > 0, got 0');
  });
});

describe('calls of users', () => {
  it('come when the answer before has come, and they have thought', async () => {
    const { clock, times, stop } = start(users(2, constant(5)), 10);
    await clock.advance(40);
    expect(times).toEqual([5, 5, 20, 20, 35, 35]);
    stop();
    await clock.advance(100);
    expect(times).toHaveLength(6);
    expect(clock.timers).toBe(0);
  });

  it('need at least one of them', () => {
    expect(() => users(0, constant(5))).toThrow('users: `count` must be an integer >= 1');
  });
});
