import fc from 'fast-check';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { rateLimitScript } from '../../src/adapters/redis/rate-limit-script.js';
import { RedisRateLimitStore } from '../../src/adapters/redis/rate-limit-store.js';
import { Bucket } from '../../src/core/bucket.js';
import { SharedRateLimiter } from '../../src/resilience/shared-rate-limiter.js';
import { redisAnswers, redisForTest, redisUrl } from '../fixtures/redis.js';
import { runProgram } from './child-program.js';

const redis = await redisAnswers();
const nobody = { total: 0, *[Symbol.iterator](): Generator<number> {} };

/** The script with the time of the test for that of the server, by which keys would expire too. */
const scriptOfTest = rateLimitScript
  .replace("redis.call('TIME')", '{0, tonumber(ARGV[6])}')
  .replace("string.format('%.0f', ttl)", '60000');

interface Step {
  readonly afterUs: number;
  readonly cost: number;
  readonly maxWaitUs: number;
  readonly rule: { readonly limit: number; readonly perMs: number; readonly burst: number };
}
const step: fc.Arbitrary<Step> = fc.record({
  afterUs: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 3_000_000 })),
  cost: fc.integer({ min: -6, max: 6 }).filter(cost => cost !== 0),
  maxWaitUs: fc.constantFrom(0, 0, 1_000, 500_000),
  rule: fc.constantFrom(
    ...[
      { limit: 7, perMs: 3_000, burst: 6 },
      { limit: 1_000, perMs: 1_000, burst: 6 },
    ].flatMap(rule => [...[rule, rule, { ...rule, burst: 9 }]]),
  ),
});

describe.skipIf(!redis)('the script in Redis', () => {
  it('decides as the core does, to the microsecond', async () => {
    expect(scriptOfTest).toContain('{0, tonumber(ARGV[6])}');
    expect(scriptOfTest).toContain("'PX', 60000)");
    const { client, prefix } = redisForTest();
    let runs = 0;
    const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async steps => {
      const key = `${prefix}${runs++}`;
      const machine = new Machine(steps[0]!.rule);
      const expected: string[][] = [];
      const asked = client.pipeline();
      let now = 1_000_000_000;
      for (const { afterUs, cost, maxWaitUs, rule } of steps) {
        now += afterUs;
        expected.push(machine.decide(cost, maxWaitUs, rule, now));
        const period = rule.perMs * 1_000;
        asked.eval(scriptOfTest, 1, key, cost, rule.limit, period, rule.burst, maxWaitUs, now);
      }
      const answers = (await asked.exec())!.map(([error, answer]) => error ?? answer);
      expect(answers).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 150 });
  });

  it('keeps a key as long as its bucket is not full, and no longer', async () => {
    const { client, prefix } = redisForTest();
    const store = new RedisRateLimitStore({ client, prefix });
    const rule = { limit: 10, perMs: 1_000, burst: 20 };
    await store.take({ key: 'a', rule, cost: 5, maxWaitMs: 0 });
    const ttl = await client.pttl(`${prefix}a`);
    expect(ttl).toBeGreaterThan(300);
    expect(ttl).toBeLessThanOrEqual(502);
    await store.take({ key: 'a', rule, cost: 20, maxWaitMs: 10_000 });
    expect(await client.pttl(`${prefix}a`)).toBeLessThanOrEqual(2_502);
    await store.refund({ key: 'a', rule, cost: 1_000 });
    expect(await client.exists(`${prefix}a`)).toBe(0);
    await store.refund({ key: 'b', rule, cost: 5 });
    expect(await client.exists(`${prefix}b`)).toBe(0);
  });

  it('is taken again to a server that has forgotten it', async () => {
    const { client, prefix } = redisForTest();
    const store = new RedisRateLimitStore({ client, prefix });
    const take = () =>
      store.take({ key: 'a', rule: { limit: 1, perMs: 60_000, burst: 2 }, cost: 1, maxWaitMs: 0 });
    expect((await take()).allowed).toBe(true);
    await client.script('FLUSH');
    expect((await take()).allowed).toBe(true);
    expect((await take()).allowed).toBe(false);
  });
});

describe.skipIf(!redis)('one limit in four processes', () => {
  it('is never exceeded, and used up', async () => {
    const { prefix } = redisForTest();
    // A burst of a second: nothing is lost when a busy machine lets none of them ask for so long.
    const rule = { limit: 100, perMs: 1_000, burst: 100 };
    const ends = await Promise.all(Array.from({ length: 4 }, () => runProgram(greedy(prefix, rule))));
    const logs = ends.map(({ code, stdout, stderr }) => {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout) as Log;
    });
    const passed = logs.reduce((sum, log) => sum + log.passed, 0);
    const perMs = rule.limit / rule.perMs;
    const lasted = Math.max(...logs.map(({ to }) => to)) - Math.min(...logs.map(({ from }) => from));
    expect(passed).toBeLessThanOrEqual(rule.burst + lasted * perMs);
    // While at least one of them asks, nothing is left over.
    expect(passed).toBeGreaterThan(0.7 * timeOfAny(logs) * perMs);
    // More was asked than there was, by each of them.
    for (const log of logs) expect(log.refused).toBeGreaterThan(0);
  });
});

it('a server that is not there makes a limiter allow, or deny, within its time', async () => {
  // Nothing listens on port 1.
  const client = new Redis('redis://127.0.0.1:1', { enableOfflineQueue: true, lazyConnect: true });
  client.on('error', () => {});
  try {
    const store = new RedisRateLimitStore({ client });
    const rate = { name: 'shop', limit: 1, perMs: 60_000, store, storeTimeoutMs: 100 };
    const since = performance.now();
    const allowing = new SharedRateLimiter(rate);
    expect(await allowing.execute(() => 'ran')).toBe('ran');
    expect(await allowing.execute(() => 'ran')).toBe('ran');
    const denying = new SharedRateLimiter({ ...rate, onStoreError: 'deny' });
    await expect(denying.execute(() => 'ran')).rejects.toMatchObject({ code: 'ERR_RATE_LIMITED' });
    expect(performance.now() - since).toBeLessThan(5_000);
  } finally {
    client.disconnect();
  }
});

/** The decisions of the core, told as the script tells them. */
class Machine {
  #bucket: Bucket;
  #rule: Step['rule'];

  constructor(rule: Step['rule']) {
    this.#rule = rule;
    this.#bucket = new Bucket({ ...rule, perMs: rule.perMs * 1_000 }, 0);
  }

  decide(cost: number, maxWaitUs: number, rule: Step['rule'], now: number): string[] {
    const bucket = this.#bucket;
    if (rule !== this.#rule) bucket.update({ ...rule, perMs: rule.perMs * 1_000 }, now);
    this.#rule = rule;
    const tell = (taken: 0 | 1, waitUs: number) => {
      return [String(taken), String(waitUs), String(bucket.available(now))];
    };
    if (cost < 0) {
      bucket.refund(-cost);
      return tell(1, 0);
    }
    const waitUs = Math.ceil(bucket.dueAt(cost, now, nobody) - now);
    if (waitUs > maxWaitUs) return tell(0, waitUs);
    bucket.spend(cost, now);
    return tell(1, waitUs);
  }
}

/** What a process has seen, between two times of the wall clock. */
interface Log {
  readonly from: number;
  readonly to: number;
  readonly passed: number;
  readonly refused: number;
}

/** How long at least one of them was at it, in ms. */
function timeOfAny(logs: readonly Log[]): number {
  let [sum, end] = [0, 0];
  for (const { from, to } of [...logs].sort((a, b) => a.from - b.from)) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}

/** Asks as often as it can for a second and a half. */
const greedy = (prefix: string, rule: object): string => `
  import { Redis } from 'ioredis';
  import { SharedRateLimiter } from 'keelson';
  import { RedisRateLimitStore } from 'keelson/redis';

  const client = new Redis(${JSON.stringify(redisUrl)});
  await client.ping();
  const store = new RedisRateLimitStore({ client, prefix: ${JSON.stringify(prefix)} });
  const sure = { onStoreError: 'deny', storeTimeoutMs: 5_000 } as const;
  const limiter = new SharedRateLimiter({ name: 'shared', ...${JSON.stringify(rule)}, store, ...sure });
  let [passed, refused] = [0, 0];
  const from = Date.now();
  const worker = async () => {
    while (Date.now() < from + 1_500) {
      await limiter.execute(() => passed++).catch(error => {
        if (error.cause !== undefined) throw error.cause;
        refused++;
      });
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  console.log(JSON.stringify({ from, to: Date.now(), passed, refused }));
  client.disconnect();
`;
