import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Coalesce } from '../../../src/resilience/coalesce.js';
import { settle } from '../../../src/testing/settle.js';

const key = 'k';

describe('an answer that can be read only once', () => {
  it.each<[string, () => unknown]>([
    ['a response with an unread body', () => new Response('text')],
    ['a web stream', () => new Response('text').body],
    [
      'an async generator',
      () =>
        (async function* () {
          yield 1;
        })(),
    ],
    ['a stream of Node', () => Readable.from(['a'])],
  ])('reaches none of those who share the run: %s', async (_, make) => {
    const coalesce = new Coalesce();
    let runs = 0;
    const operation = () => {
      runs++;
      return make();
    };
    const { signal } = new AbortController();
    const calls = [{ key }, { key }, { key, signal }].map(options => coalesce.execute(operation, options));
    const ends = await Promise.allSettled(calls);
    const refused = { status: 'rejected', reason: expect.any(TypeError) };
    expect(ends).toEqual([refused, refused, refused]);
    expect(String((ends[0] as PromiseRejectedResult).reason)).toContain(
      'coalesce: the answer can be read only',
    );
    expect([runs, coalesce.snapshot().running]).toEqual([1, 0]);
  });

  it('is refused to a lone caller as well, so that it does not hang on chance', async () => {
    await expect(new Coalesce().execute(() => new Response('text'), { key })).rejects.toThrow(TypeError);
  });

  it('is let go of', async () => {
    let cancelled = 0;
    const stream = new ReadableStream({ cancel: () => void cancelled++ });
    for (const answer of [stream, new Response(new ReadableStream({ cancel: () => void cancelled++ }))]) {
      await new Coalesce().execute(() => answer, { key }).catch(() => {});
    }
    await settle();
    expect(cancelled).toBe(2);
  });

  it('passes where the call shares nothing', async () => {
    const response = await new Coalesce().execute(() => new Response('text'));
    expect(await response.text()).toBe('text');
  });

  it('is not seen in one that throws when it is asked', async () => {
    const hostile = new Proxy(
      {},
      {
        get(_, name) {
          if (name === 'then') return undefined;
          throw new Error('do not ask');
        },
      },
    );
    expect(await new Coalesce().execute(() => hostile, { key })).toBe(hostile);
  });
});
