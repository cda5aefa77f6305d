import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import { Chaos, type ChaosEvents } from '../../../src/resilience/chaos.js';
import type { ChaosOptions } from '../../../src/resilience/chaos-options.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

function setUp<Out = never>(options: ChaosOptions<Out> = {}) {
  const clock = new VirtualClock();
  const chaos = new Chaos<Out>({ clock, random: seededRandom(1), ...options });
  const heard: ChaosEvents['injected'][] = [];
  chaos.on('injected', event => heard.push(event));
  return { clock, chaos, heard };
}

/** How many of `calls` calls failed. */
async function failures(chaos: Chaos, calls: number, options = {}): Promise<number> {
  let failed = 0;
  for (let call = 0; call < calls; call++) await chaos.execute(() => 1, options).catch(() => failed++);
  return failed;
}

describe('Chaos keeps the laws of policies', () => {
  for (const law of policyLaws(clock => new Chaos({ clock }))) it(`by default: ${law.name}`, law.check);
  for (const law of policyLaws(clock => new Chaos({ clock, latencyRatio: 1, latencyMs: 5 }), {
    except: { "passes the caller's abort on": 'the operation starts only after the wait' },
  })) {
    it(`with latency: ${law.name}`, law.check);
  }
});

describe('Chaos', () => {
  it('injects nothing by default', async () => {
    const random = vi.fn(() => 0);
    const chaos = new Chaos({ random });
    expect(await failures(chaos, 50)).toBe(0);
    expect(random).not.toHaveBeenCalled();
    expect(chaos.snapshot()).toEqual({
      name: 'chaos',
      enabled: true,
      affected: 0,
      spared: 0,
      injected: { fault: 0, latency: 0, outcome: 0, truncate: 0 },
    });
  });

  it('fails the share of calls that it was told to, the same ones for the same seed', async () => {
    const fates = async (): Promise<string> => {
      const { chaos } = setUp({ faultRatio: 0.3 });
      let seen = '';
      for (let call = 0; call < 200; call++) {
        seen += await chaos
          .execute(() => '.')
          .catch((error: Error) => (error.message === 'chaos: an injected fault' ? 'x' : '?'));
      }
      return seen;
    };
    const first = await fates();
    expect(first).toBe(await fates());
    expect(first).not.toContain('?');
    const failed = first.replaceAll('.', '').length;
    expect(failed).toBeGreaterThan(40);
    expect(failed).toBeLessThan(80);
  });

  it('fails with the error of its user, and does not run the operation', async () => {
    const fault = vi.fn(({ key }: { key: string | undefined }) => `down for ${key}`);
    const { chaos, heard } = setUp({ faultRatio: 1, fault });
    const operation = vi.fn();
    await expect(chaos.execute(operation, { key: 'k' })).rejects.toBe('down for k');
    expect(operation).not.toHaveBeenCalled();
    expect(heard).toMatchObject([{ policy: 'chaos', kind: 'fault', key: 'k', delayMs: undefined }]);
  });

  it('answers in the stead of the operation', async () => {
    const { chaos } = setUp({ outcomeRatio: 1, outcome: async () => 'garbage' });
    const answer: string | number = await chaos.execute(() => 5);
    expect(answer).toBe('garbage');
    expect(chaos.snapshot().injected).toEqual({ fault: 0, latency: 0, outcome: 1, truncate: 0 });
  });

  it('waits before it fails or runs', async () => {
    const { clock, chaos, heard } = setUp({ latencyRatio: 1, latencyMs: [100, 200], faultRatio: 0.5 });
    const started = clock.now();
    const fates: string[] = [];
    for (let call = 0; call < 20; call++) {
      const answer = chaos.execute(() => 'ran').catch(() => 'failed');
      fates.push(await clock.runUntil(answer));
    }
    const delays = heard.flatMap(({ kind, delayMs }) => (kind === 'latency' ? [delayMs!] : []));
    expect(delays).toHaveLength(20);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...delays)).toBeLessThanOrEqual(200);
    expect(clock.now() - started).toBeCloseTo(
      delays.reduce((sum, ms) => sum + ms, 0),
      0,
    );
    expect(new Set(fates)).toEqual(new Set(['ran', 'failed']));
  });

  it('ends a wait when the caller gives up, at once', async () => {
    const { clock, chaos } = setUp({ latencyRatio: 1, latencyMs: 1000 });
    const { signal, abort, listeners } = countingSignal();
    const operation = vi.fn();
    const answer = chaos.execute(operation, { signal });
    expect(listeners()).toBe(1);
    abort('bored');
    await expect(answer).rejects.toBe('bored');
    expect([clock.timers, listeners()]).toEqual([0, 0]);
    expect(operation).not.toHaveBeenCalled();
  });

  it('waits no longer than until the deadline', async () => {
    const { clock, chaos } = setUp({ latencyRatio: 1, latencyMs: 1000 });
    const answer = chaos.execute(() => 'ran', { timeoutMs: 30 }).catch((error: unknown) => error);
    await clock.advance(30);
    expect(await answer).toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 30, policy: 'chaos' });
    expect(clock.timers).toBe(0);
  });

  it('runs the operation in the async context of its caller', async () => {
    const { clock, chaos } = setUp({ latencyRatio: 1, latencyMs: 10 });
    const storage = new AsyncLocalStorage<number>();
    const answers = [1, 2].map(number => storage.run(number, () => chaos.execute(() => storage.getStore())));
    await clock.advance(10);
    expect(await Promise.all(answers)).toEqual([1, 2]);
  });

  it('does nothing more to a call that a listener gave up', async () => {
    const { chaos } = setUp({ latencyRatio: 1, latencyMs: 1000 });
    const controller = new AbortController();
    chaos.on('injected', () => controller.abort('heard'));
    const answer = chaos.execute(() => 1, { signal: controller.signal });
    await expect(answer).rejects.toBe('heard');
  });
});

describe('the switch of Chaos', () => {
  it('stops everything at once, waits included, and lets it go on', async () => {
    const { clock, chaos } = setUp({ latencyRatio: 1, latencyMs: 1000, faultRatio: 1 });
    const waiting = chaos.execute(() => 'spared');
    chaos.disable();
    expect(await waiting).toBe('spared');
    expect(clock.timers).toBe(0);
    expect(await chaos.execute(() => 'spared too')).toBe('spared too');
    expect(chaos.snapshot().enabled).toBe(false);
    chaos.enable();
    const hurt = chaos.execute(() => 1).catch((error: Error) => error.message);
    expect(await clock.runUntil(hurt)).toBe('chaos: an injected fault');
  });

  it('may be off from the start', async () => {
    const { chaos } = setUp({ faultRatio: 1, enabled: false });
    expect(await failures(chaos, 10)).toBe(0);
    chaos.enable();
    expect(await failures(chaos, 10)).toBe(10);
  });

  it('may be asked for each call, and spares whom it cannot tell', async () => {
    const { chaos } = setUp({ faultRatio: 1, enabled: ({ key }) => key === 'victim' });
    expect([await failures(chaos, 5, { key: 'victim' }), await failures(chaos, 5)]).toEqual([5, 0]);
    const broken = setUp({
      faultRatio: 1,
      enabled: () => {
        throw 'no flags';
      },
    }).chaos;
    expect(await failures(broken, 5)).toBe(0);
    const failed: unknown[] = [];
    broken.on('askFailed', ({ error }) => failed.push(error));
    expect([await failures(broken, 1), failed]).toEqual([0, ['no flags']]);
    const odd = setUp({ faultRatio: 1, enabled: () => 'yes' as never }).chaos;
    expect(await failures(odd, 5)).toBe(0);
  });

  it('affects no more than its share of any window', async () => {
    const { chaos } = setUp({ faultRatio: 0.9, maxAffectedRatio: 0.1, windowCalls: 20 });
    let log: number[] = [];
    for (let call = 0; call < 300; call++) {
      log.push(await failures(chaos, 1));
      log = log.slice(-20);
      expect(log.reduce((sum, failed) => sum + failed, 0)).toBeLessThanOrEqual(2);
    }
    const { affected, spared, injected } = chaos.snapshot();
    expect(affected).toBeLessThanOrEqual(2);
    expect(injected.fault).toBeGreaterThan(20);
    expect(spared + injected.fault).toBeGreaterThan(240);
  });
});

describe('answers that break off', () => {
  const cut = (truncateAfter?: number) =>
    setUp({ truncateRatio: 1, ...(truncateAfter !== undefined && { truncateAfter }) });

  async function read(items: AsyncIterable<unknown>): Promise<unknown[]> {
    const seen: unknown[] = [];
    try {
      for await (const item of items) seen.push(item);
    } catch (error) {
      seen.push((error as Error).message);
    }
    return seen;
  }

  async function* three() {
    yield 'a';
    yield 'b';
    yield 'c';
  }

  it.each([
    [0, ['chaos: the answer was cut off']],
    [2, ['a', 'b', 'chaos: the answer was cut off']],
    [3, ['a', 'b', 'c']],
  ])('after %d items', async (after, seen) => {
    const { chaos } = cut(after);
    expect(await read(await chaos.execute(three))).toEqual(seen);
  });

  it('and let go of what they were taken from', async () => {
    const ended = vi.fn();
    const source = async function* () {
      try {
        yield* three();
      } finally {
        ended();
      }
    };
    await read(await cut(1).chaos.execute(source));
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('amid the body of a response, whose head stays as it was', async () => {
    const { chaos, heard } = cut(5);
    const head = { status: 203, headers: { 'x-from': 'here' } };
    const response = await chaos.execute(() => new Response('twelve bytes', head));
    expect([response.status, response.headers.get('x-from'), response.ok]).toEqual([203, 'here', true]);
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('twelv');
    await expect(reader.read()).rejects.toThrow('the answer was cut off');
    await expect((await chaos.execute(() => new Response('twelve bytes'))).text()).rejects.toThrow('cut off');
    expect(heard.map(event => event.kind)).toEqual(['truncate', 'truncate']);
    const nothing = await cut(0).chaos.execute(() => new Response('twelve bytes'));
    await expect(nothing.text()).rejects.toThrow('cut off');
    const exact = await cut(12).chaos.execute(() => new Response('twelve bytes'));
    expect(await exact.text()).toBe('twelve bytes');
    const cancel = vi.fn();
    const unread = await cut(5).chaos.execute(() => new Response(new ReadableStream({ cancel })));
    await unread.body!.cancel('bored');
    expect(cancel).toHaveBeenCalledWith('bored');
  });

  it('leaves answers alone that end before, or have nothing to cut', async () => {
    const { chaos, heard } = cut(100);
    expect(await (await chaos.execute(() => new Response('short'))).text()).toBe('short');
    heard.length = 0;
    const empty = new Response(null, { status: 204 });
    for (const answer of [empty, 5, null, { body: 'text' }, [1, 2]]) {
      expect(await chaos.execute(() => answer)).toBe(answer);
    }
    await settle();
    expect(heard).toEqual([]);
  });
});
