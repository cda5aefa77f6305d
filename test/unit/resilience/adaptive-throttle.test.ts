import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { AdaptiveThrottle, type AdaptiveThrottleOptions } from '../../../src/resilience/adaptive-throttle.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const overloaded = new Error('overloaded');
const fail = (): never => {
  throw overloaded;
};

function throttleOf(options: AdaptiveThrottleOptions = {}): {
  clock: VirtualClock;
  throttle: AdaptiveThrottle;
} {
  const clock = new VirtualClock();
  const random = (): number => 0;
  return { clock, throttle: new AdaptiveThrottle({ minRequests: 4, clock, random, ...options }) };
}

async function ask(throttle: AdaptiveThrottle, accepted: number, failed = 0): Promise<void> {
  for (let i = 0; i < accepted; i++) await throttle.execute(() => 1);
  for (let i = 0; i < failed; i++) await throttle.execute(fail).catch(() => {});
}

describe('an adaptive throttle', () => {
  it('rejects nothing while half of what is asked is accepted', async () => {
    const { throttle } = throttleOf();
    await ask(throttle, 10, 10);
    expect(throttle.snapshot()).toMatchObject({ requests: 20, accepts: 10, rejectRatio: 0, throttled: 0 });
    await expect(throttle.execute(() => 'still')).resolves.toBe('still');
  });

  it('rejects by chance, in the ratio of the formula', async () => {
    const random = vi.fn(() => 0.999);
    const { throttle } = throttleOf({ random });
    await ask(throttle, 2, 10);
    const ratio = (12 - 2 * 2) / 13;
    expect(throttle.snapshot().rejectRatio).toBeCloseTo(ratio, 12);
    random.mockReturnValue(ratio);
    await throttle.execute(() => 1);
    random.mockReturnValue(throttle.snapshot().rejectRatio - 1e-9);
    const run = vi.fn();
    await expect(throttle.execute(run)).rejects.toMatchObject({
      code: 'ERR_THROTTLED',
      policy: 'adaptive throttle',
      rejected: true,
      message: 'adaptive throttle: spares a remote that accepts too little',
    });
    expect(run).not.toHaveBeenCalled();
    expect(throttle.snapshot()).toMatchObject({ requests: 14, accepts: 3, throttled: 1 });
  });

  it('asks neither chance nor anybody while all goes well', async () => {
    const random = vi.fn(() => 0);
    const { throttle } = throttleOf({ random });
    await ask(throttle, 50, 3);
    await ask(throttle, 50);
    expect(random).not.toHaveBeenCalled();
  });

  it('lets a part through however bad it is, so that it finds out when the remote is back', async () => {
    const { clock, throttle } = throttleOf({ random: seededRandom(7), maxRejectRatio: 0.8 });
    let reached = 0;
    for (let i = 0; i < 2_000; i++) {
      await throttle
        .execute(() => {
          reached++;
          fail();
        })
        .catch(() => {});
    }
    expect(reached).toBeGreaterThan(2_000 * 0.17);
    expect(reached).toBeLessThan(2_000 * 0.23);
    await clock.advance(120_000);
    expect(throttle.snapshot()).toMatchObject({ requests: 0, accepts: 0, rejectRatio: 0 });
  });

  it('sends a remote that accepts so many a second about twice as many, however much is asked', async () => {
    const { clock, throttle } = throttleOf({ random: seededRandom(1), windowMs: 2_400 });
    let sent = 0;
    let from = 0;
    for (let tenth = 0; tenth < 200; tenth++) {
      let room = 10;
      if (tenth === 100) from = sent;
      for (let i = 0; i < 100; i++) {
        const operation = (): number => {
          sent++;
          return room-- > 0 ? 1 : fail();
        };
        await throttle.execute(operation).catch(() => {});
      }
      await clock.advance(100);
    }
    expect((sent - from) / 100).toBeGreaterThan(15);
    expect((sent - from) / 100).toBeLessThan(25);
  });

  it('lets few calls fail before it judges', async () => {
    const { throttle } = throttleOf({ minRequests: 5 });
    await ask(throttle, 0, 4);
    expect(throttle.snapshot().rejectRatio).toBe(0);
    await ask(throttle, 0, 1);
    expect(throttle.snapshot().rejectRatio).toBeCloseTo(5 / 6, 12);
  });

  it('forgets within the window', async () => {
    const { clock, throttle } = throttleOf({ windowMs: 2_400 });
    await ask(throttle, 0, 10);
    expect(throttle.snapshot().rejectRatio).toBe(0.9);
    await clock.advance(2_300);
    expect(throttle.snapshot().requests).toBe(10);
    await clock.advance(100);
    await expect(throttle.execute(() => 1)).resolves.toBe(1);
  });

  it('rejects the more important later, and the less important sooner', async () => {
    const { throttle } = throttleOf();
    await ask(throttle, 4, 8);
    const heard: unknown[] = [];
    throttle.on('throttled', ({ at, ...facts }) => heard.push(facts));
    const call = (priority: number) => throttle.execute(() => priority, { priority });
    await expect(call(1)).resolves.toBe(1);
    await expect(call(1e9)).resolves.toBe(1e9);
    await expect(call(-1)).rejects.toMatchObject({ code: 'ERR_THROTTLED' });
    await expect(call(-1e9)).rejects.toMatchObject({ code: 'ERR_THROTTLED' });
    expect(heard).toEqual([
      { policy: 'adaptive throttle', priority: -1, rejectRatio: (15 - 6) / 16 },
      { policy: 'adaptive throttle', priority: -1e9, rejectRatio: (16 - 6) / 17 },
    ]);
    // While all is accepted, nobody is rejected, however unimportant.
    const { throttle: idle } = throttleOf();
    await ask(idle, 20);
    await expect(idle.execute(() => 1, { priority: -9 })).resolves.toBe(1);
  });

  it('takes what is refused inside, and what the caller gave up, for neutral', async () => {
    const { throttle } = throttleOf();
    const policy = pipeline(throttle, new Bulkhead({ slots: 1 }));
    let finish = (): void => {};
    const first = policy.execute(() => new Promise<void>(resolve => (finish = resolve)));
    for (let i = 0; i < 9; i++) {
      await expect(policy.execute(() => 1)).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    }
    finish();
    await first;
    const caller = new AbortController();
    const given = throttle.execute(
      ({ signal }) => new Promise((_, reject) => (signal.onabort = () => reject(signal.reason))),
      {
        signal: caller.signal,
      },
    );
    caller.abort('enough');
    await expect(given).rejects.toBe('enough');
    expect(throttle.snapshot()).toMatchObject({ requests: 1, accepts: 1 });
  });

  it('judges by what it is told: only what the remote turned away, or a value that says no', async () => {
    const { throttle } = throttleOf({
      classify: outcome => {
        if (!outcome.ok) return 'success';
        return outcome.value === 503 ? 'failure' : outcome.value === 304 ? 'neutral' : undefined;
      },
    });
    await ask(throttle, 0, 5);
    for (const status of [503, 304, 200]) await throttle.execute(() => status);
    expect(throttle.snapshot()).toMatchObject({ requests: 7, accepts: 6 });
  });

  it('goes on as without it when classify fails, and reports that', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { throttle } = throttleOf({
      classify: () => {
        throw new Error('mine');
      },
    });
    await throttle.execute(() => 1);
    await expect(throttle.execute(fail)).rejects.toBe(overloaded);
    expect(throttle.snapshot()).toMatchObject({ requests: 2, accepts: 1 });
    expect(report).toHaveBeenCalledTimes(2);
    report.mockRestore();
  });
});

describe('the options of an adaptive throttle', () => {
  const { NaN: nan, NEGATIVE_INFINITY: below, POSITIVE_INFINITY: above } = Number;
  it.each([
    ['headroom', 'a number >= 1 <= 1000', [nan, -1, 0.99, 1001, above, below, '2', null]],
    ['maxRejectRatio', 'a number >= 0 <= 1', [nan, -1, 1.5, 90, above, below, null]],
    ['minRequests', 'an integer >= 1', [nan, -1, 0, 1.5, above, below, null]],
    ['windowMs', 'a number > 0', [nan, -1, 0, above, below, null]],
    ['name', 'a string', [null, 7]],
    ['classify', 'a function', [null, 'failure']],
    ['random', 'a function', [null, 0.5]],
  ] as const)('refuse a %s that is not %s', (option, rule, values) => {
    for (const value of values) {
      const make = (): AdaptiveThrottle => new AdaptiveThrottle({ [option]: value });
      expect(make).toThrow(`AdaptiveThrottle: \`${option}\` must be ${rule}, got`);
    }
  });

  it('stand for what was left out', () => {
    expect(new AdaptiveThrottle({ headroom: undefined } as object).describe()).toEqual({
      ...{ kind: 'adaptive-throttle', name: 'adaptive throttle', headroom: 2, maxRejectRatio: 0.9 },
      ...{ minRequests: 20, windowMs: 120_000 },
    });
    expect(new AdaptiveThrottle({ windowMs: 2 ** 31, minRequests: 2 ** 31 }).describe()).toMatchObject({
      windowMs: 2 ** 31,
    });
    expect(() => new AdaptiveThrottle({ window: 5 } as object)).toThrow('unknown option `window`');
    expect(Object.isFrozen(AdaptiveThrottle.defaults)).toBe(true);
  });
});
