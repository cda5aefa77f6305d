import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { rateLimitScript } from '../../../../src/adapters/redis/rate-limit-script.js';
import { RedisRateLimitStore } from '../../../../src/adapters/redis/rate-limit-store.js';

const sha = createHash('sha1').update(rateLimitScript).digest('hex');
const rule = { limit: 100, perMs: 1_000, burst: 20 };
const request = { key: 'shop:alice', rule, cost: 3, maxWaitMs: 1.5 };

/** A client that answers what it is told to, and remembers what it was asked. */
function clientOf(answers: (() => unknown)[]) {
  const asked: unknown[][] = [];
  const answer = (command: string) => {
    return async (...args: unknown[]): Promise<unknown> => {
      asked.push([command, ...args]);
      return answers.shift()!();
    };
  };
  return { asked, evalsha: answer('evalsha'), eval: answer('eval') };
}

const fails = (message: unknown) => () => {
  throw typeof message === 'string' ? new Error(message) : message;
};

describe('a store in Redis', () => {
  it('runs one script with one key', async () => {
    const client = clientOf([() => ['1', '1500', '16'], () => ['0', '30000', '2']]);
    const store = new RedisRateLimitStore({ client });
    expect(await store.take(request)).toEqual({ allowed: true, waitMs: 1.5, remaining: 16 });
    expect(await store.take(request)).toEqual({ allowed: false, retryAfterMs: 30, remaining: 2 });
    const asked = ['evalsha', sha, 1, 'keelson:rate:shop:alice', '3', '100', '1000000', '20', '1500'];
    expect(client.asked).toEqual([asked, asked]);
  });

  it('refunds by a cost below 0', async () => {
    const client = clientOf([() => ['1', '0', '20']]);
    await new RedisRateLimitStore({ client, prefix: 'my:' }).refund({ key: 'shop', rule, cost: 3 });
    expect(client.asked).toEqual([['evalsha', sha, 1, 'my:shop', '-3', '100', '1000000', '20', '0']]);
  });

  it('takes the script to a server that does not know it', async () => {
    const client = clientOf([fails('NOSCRIPT No matching script.'), () => ['1', '0', '1']]);
    await new RedisRateLimitStore({ client }).take(request);
    expect(client.asked.map(([command, text]) => [command, text])).toEqual([
      ['evalsha', sha],
      ['eval', rateLimitScript],
    ]);
  });

  it.each([new Error('READONLY'), 'NOSCRIPT as a text', undefined, null])(
    'hands on whatever else it fails with: %s',
    async error => {
      const store = new RedisRateLimitStore({ client: clientOf([() => Promise.reject(error)]) });
      await expect(store.take(request)).rejects.toBe(error);
    },
  );

  it.each([undefined, 'OK', ['1', '0']])('refuses an answer that is none: %s', async answer => {
    const store = new RedisRateLimitStore({ client: clientOf([() => answer]) });
    await expect(store.take(request)).rejects.toThrow('answered with something else than the script');
  });

  it('keeps long keys by their hash, and can wait for ever', async () => {
    const client = clientOf([() => ['1', '0', '1'], () => ['1', '0', '1']]);
    const store = new RedisRateLimitStore({ client });
    await store.take({ ...request, key: 'k'.repeat(200) });
    await store.take({ ...request, key: 'k'.repeat(201), maxWaitMs: Infinity });
    const [, , , short] = client.asked[0]!;
    const [, , , long, ...rest] = client.asked[1]!;
    expect(short).toBe(`keelson:rate:${'k'.repeat(200)}`);
    expect(long).toMatch(/^keelson:rate:sha256:[0-9a-f]{64}$/);
    expect(rest.at(-1)).toBe(String(2 ** 50));
  });

  it('refuses options that make no sense', () => {
    const wrong = (options: object) => () => new RedisRateLimitStore(options as never);
    expect(wrong({})).toThrow('RedisRateLimitStore: `client` must be a client, with `eval` and `evalsha`');
    expect(wrong({ client: { eval: () => {} } })).toThrow('`client` must be a client');
    expect(wrong({ client: clientOf([]), prefix: 5 })).toThrow('`prefix` must be a string, got 5');
    expect(wrong({ client: clientOf([]), url: '' })).toThrow('unknown option `url`');
  });
});
