import { afterEach, expect, it } from 'vitest';
import { Fallback, Retry } from '../../../src/index.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

/** A policy for responses, which writes down what it sees of each. */
function watching(seen: unknown[]) {
  return new Fallback<Response, Response>({
    classify: outcome => {
      if (!outcome.ok) return 'failure';
      const { status, ok, headers, bodyUsed, statusText } = outcome.value;
      seen.push([status, ok, headers.get('x-a'), bodyUsed, statusText]);
      return status === 404 ? 'failure' : undefined;
    },
    run: () => new Response('none', { status: 203, headers: { 'x-b': 'c' } }),
  });
}

it('a policy for responses sees all of an answer but its body, and may give another one', async () => {
  const upstream = await begun.server((request, response) => {
    const status = Number(request.url!.slice(1));
    response
      .writeHead(status, status === 200 ? 'Fine' : undefined, { 'x-a': ['1', '2'] } as never)
      .end('body');
  });
  const seen: unknown[] = [];
  const { url } = await begun.serve({
    routes: [{ path: '/*', upstream: upstream.url, policy: watching(seen) }],
  });
  expect(await (await fetch(`${url}/200`)).text()).toBe('body');
  const found = await fetch(`${url}/404`);
  expect([found.status, found.headers.get('x-b'), await found.text()]).toEqual([203, 'c', 'none']);
  expect(seen).toEqual([
    [200, true, '1, 2', true, 'Fine'],
    [404, false, '1, 2', true, 'Not Found'],
  ]);
});

it('what a function answers is seen as well, and handed on as it is', async () => {
  const seen: unknown[] = [];
  const { url } = await begun.serve({
    routes: [
      {
        path: '/plain/:status',
        policy: watching(seen),
        upstream: ({ params }) => ({
          status: Number(params['status']),
          headers: { 'x-a': ['1', '2'] },
          json: { a: 1 },
        }),
      },
      {
        path: '/response',
        policy: watching(seen),
        upstream: () => new Response('whole', { headers: { 'x-a': '3' } }),
      },
    ],
  });
  expect(await (await fetch(`${url}/plain/200`)).json()).toEqual({ a: 1 });
  expect((await fetch(`${url}/plain/404`)).status).toBe(203);
  expect(await (await fetch(`${url}/response`)).text()).toBe('whole');
  expect(seen).toEqual([
    [200, true, '1, 2', true, ''],
    [404, false, '1, 2', true, ''],
    [200, true, '3', false, ''],
  ]);
});

it('a policy that reads the body is told that it cannot', async () => {
  const upstream = await begun.hello();
  const errors: unknown[] = [];
  const policy = new Retry<Response>({
    attempts: 1,
    classify: outcome => {
      if (!outcome.ok) return undefined;
      for (const read of ['text', 'json', 'arrayBuffer', 'blob', 'formData'] as const) {
        outcome.value[read]().catch((error: unknown) => errors.push(error));
      }
      try {
        outcome.value.clone();
      } catch (error) {
        errors.push(error);
      }
      return undefined;
    },
  });
  const { url } = await begun.serve({ routes: [{ path: '/*', upstream: upstream.url, policy }] });
  expect(await (await fetch(url)).text()).toBe('hello');
  expect(errors).toHaveLength(6);
  for (const error of errors) expect(error).toBeInstanceOf(TypeError);
});
