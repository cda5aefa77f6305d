import { describe, expect, it } from 'vitest';
import { httpCheck } from '../../../src/discovery/health-http.js';

const instances = ['a', 'b', 'c'].map(id => ({ id, address: `${id}.example:80` }));

describe('a check over HTTP', () => {
  const signal = AbortSignal.timeout(60_000);
  const context = { signal, timeoutMs: 20 };
  const answering = (status: number, body: string | null = 'fine') => {
    const asked: unknown[] = [];
    const send = async (url: string, init: RequestInit) => {
      asked.push([url, init.method, init.redirect]);
      return new Response(body, { status });
    };
    return { asked, send };
  };

  it('passes with a status from 200 to 299, and with no other', async () => {
    for (const [status, ok] of [
      [200, true],
      [204, true],
      [302, false],
      [404, false],
      [503, false],
    ] as const) {
      const { send, asked } = answering(status, status === 204 ? null : 'fine');
      const check = httpCheck({ fetch: send });
      const result = Promise.resolve(check(instances[0]!, context)).then(
        () => true,
        () => false,
      );
      expect(await result).toBe(ok);
      expect(asked).toEqual(
        [['http://a.example:80/health', 'GET', 'manual']].map(([url, ...rest]) => [
          new URL(url!).href,
          ...rest,
        ]),
      );
    }
  });

  it('may read the answer, and ask at another place', async () => {
    const { send, asked } = answering(200, 'cart');
    const check = httpCheck({
      path: '/live?deep=1',
      method: 'GET',
      url: ({ id }) => `http://${id}.example:9000`,
      expect: async answer => (await answer.text()) === 'cart',
      fetch: send,
    });
    expect(await check(instances[1]!, context)).toBe(true);
    expect(asked).toEqual([['http://b.example:9000/live?deep=1', 'GET', 'manual']]);
  });

  it('fails for an instance without an address', async () => {
    await expect(httpCheck()({ id: 'x' }, context)).rejects.toThrow('`x` has no address');
  });

  it.each([
    ['`path` must be', { path: 'health' }],
    ['`path` must be', { path: '//evil.example/' }],
    ['`path` must be', { path: '/\\evil.example/' }],
    ['`method` must be', { method: 'POST' }],
    ['`expect` must be a function', { expect: 200 }],
    ['`url` must be a function', { url: 'http://x' }],
    ['`fetch` must be a function', { fetch: 7 }],
    ['unknown option `port`', { port: 7 }],
  ])('refuses what is wrong: %s', (words, options) => {
    expect(() => httpCheck(options as object)).toThrow(words);
  });
});
