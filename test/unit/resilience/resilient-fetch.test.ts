import { describe, expect, it, vi } from 'vitest';
import { resilientFetch } from '../../../src/resilience/resilient-fetch.js';
import type { ResilientFetchOptions } from '../../../src/resilience/resilient-fetch-options.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

type Answer = number | Error | Response;

/** A fetch that gives these answers in turn, the last one for ever, and remembers the requests. */
function setup(answers: readonly Answer[], options: ResilientFetchOptions = {}) {
  const clock = new VirtualClock();
  const requests: { readonly at: number; readonly target: unknown; readonly init: RequestInit }[] = [];
  const fake = vi.fn(async (target: unknown, init: RequestInit = {}) => {
    requests.push({ at: clock.now(), target, init });
    const answer = answers[Math.min(requests.length, answers.length) - 1]!;
    if (answer instanceof Error) throw answer;
    return typeof answer === 'number'
      ? new Response(`answer ${requests.length}`, { status: answer })
      : answer;
  });
  const fetch = resilientFetch({ fetch: fake as never, clock, random: () => 0.5, ...options });
  const run = (...args: Parameters<typeof fetch>) => clock.runUntil(fetch(...args));
  const header = (name: string) => requests.map(({ init }) => (init.headers as Headers).get(name));
  return { clock, fake, fetch, requests, run, header };
}

const url = 'https://stock.example/items';
const unavailable = (retryAfter: string, date?: string) =>
  new Response(null, { status: 503, headers: { 'retry-after': retryAfter, ...(date && { date }) } });

describe('what resilientFetch repeats', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'get'])('repeats %s', async method => {
    const { run, fake } = setup([503, 200]);
    expect((await run(url, { method })).status).toBe(200);
    expect(fake).toHaveBeenCalledTimes(2);
  });

  it.each(['POST', 'PATCH', 'patch', 'LOCK'])('repeats no %s (RT6)', async method => {
    const { run, fake } = setup([503, 200]);
    expect((await run(url, { method, body: 'x' })).status).toBe(503);
    expect(fake).toHaveBeenCalledTimes(1);
  });

  it('repeats a POST with an idempotency key, the same each time (RT8)', async () => {
    const { run, header } = setup([503, 500, 200]);
    const headers = { 'Idempotency-Key': 'order-7' };
    expect((await run(url, { method: 'POST', headers, body: 'x' })).status).toBe(200);
    expect(header('idempotency-key')).toEqual(['order-7', 'order-7', 'order-7']);
  });

  it('takes the key from the call, too, and puts it into the header that it is told to', async () => {
    const { run, header } = setup([503, 200], { idempotencyKeyHeader: 'X-Request-Id' });
    await run(url, { method: 'POST', idempotencyKey: 'order-7' });
    expect(header('x-request-id')).toEqual(['order-7', 'order-7']);
  });

  it('makes keys where it is told to, one for each request', async () => {
    const { run, header } = setup([503, 200, 200, 200], { makeIdempotencyKeys: true });
    await run(url, { method: 'POST' });
    await run(url, { method: 'POST' });
    await run(url);
    const [first, again, second, get] = header('idempotency-key');
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    expect(get).toBeNull();
  });

  it.each<[string, () => BodyInit]>([
    ['text', () => 'x'],
    ['a form', () => new FormData()],
    ['parameters', () => new URLSearchParams('a=b')],
    ['bytes', () => new Uint8Array([1])],
    ['a buffer', () => new ArrayBuffer(1)],
    ['a blob', () => new Blob(['x'])],
  ])('sends %s again', async (_, body) => {
    const { run, fake } = setup([503, 200]);
    expect((await run(url, { method: 'PUT', body: body() })).status).toBe(200);
    expect(fake).toHaveBeenCalledTimes(2);
  });

  it('sends no stream twice, and keeps the error (RT9)', async () => {
    const broken = new TypeError('broken pipe');
    const { run, fake } = setup([broken, 503]);
    const stream = new Blob(['x']).stream();
    await expect(run(url, { method: 'PUT', body: stream, idempotencyKey: 'k' })).rejects.toBe(broken);
    await expect(run(new Request(url, { method: 'PUT', body: 'x' }))).resolves.toMatchObject({ status: 503 });
    expect(fake).toHaveBeenCalledTimes(2);
  });

  it('repeats a Request without a body, with its headers and method', async () => {
    const { run, requests, header } = setup([503, 200]);
    const request = new Request(url, { method: 'DELETE', headers: { accept: 'text/plain' } });
    await run(request);
    expect(requests.map(({ target }) => target)).toEqual([request, request]);
    expect(header('accept')).toEqual(['text/plain', 'text/plain']);
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 507])('repeats after a %i', async status => {
    expect((await setup([status, 200]).run(url)).status).toBe(200);
  });

  it.each([200, 204, 301, 304, 400, 401, 404, 409, 422, 501, 505])(
    'does not repeat after a %i',
    async status => {
      const { run, fake } = setup([new Response(null, { status })]);
      expect((await run(url)).status).toBe(status);
      expect(fake).toHaveBeenCalledTimes(1);
    },
  );

  it('gives the last answer, unread, when it gives up', async () => {
    const response = await setup([503]).run(url);
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('answer 3');
  });

  it('throws the last error as it is when it gives up', async () => {
    const errors = [1, 2, 3].map(n => new TypeError(`fetch failed ${n}`));
    await expect(setup(errors).run(url)).rejects.toBe(errors[2]);
  });

  it('lets the user judge first', async () => {
    const classify = vi.fn(outcome => (outcome.ok && outcome.value.status === 404 ? 'failure' : undefined));
    const { run, fake } = setup([404, 503, 200], { retry: { classify: classify as never } });
    expect((await run(url)).status).toBe(200);
    expect(fake).toHaveBeenCalledTimes(3);
  });

  it('repeats nothing where it is told so', async () => {
    const { run, fake, fetch } = setup([503, 200], { retry: false });
    expect((await run(url)).status).toBe(503);
    expect(fake).toHaveBeenCalledTimes(1);
    expect(fetch.retry).toBeUndefined();
  });
});

describe('when resilientFetch repeats', () => {
  it('waits between attempts, longer each time', async () => {
    const { run, requests } = setup([503]);
    await run(url);
    expect(requests.map(({ at }) => at)).toEqual([0, 100, 300]);
  });

  it.each<[string, Response, number]>([
    ['seconds', unavailable('2'), 2000],
    ['no time', unavailable('0'), 0],
    ['a date', unavailable('Thu, 01 Jan 2026 00:00:05 GMT'), 5000],
    ['a date by a clock that is an hour fast', unavailable(...fast()), 3000],
    ['nonsense', unavailable('soon'), 100],
    ['a negative', unavailable('-1'), 100],
    ['two values', unavailable('1, 2'), 100],
  ])('honours a Retry-After of %s (RT7)', async (_, answer, delayMs) => {
    const { run, requests } = setup([answer, 200]);
    await run(url);
    expect(requests[1]!.at).toBe(delayMs);
  });

  it('gives the answer at once that asks to wait beyond the deadline', async () => {
    const { run, clock } = setup([unavailable('31'), 200]);
    expect((await run(url)).status).toBe(503);
    expect(clock.now()).toBe(0);
  });

  it('cuts an endless Retry-After to what it may last', async () => {
    const { run, requests } = setup([unavailable('9'.repeat(31)), 200], { timeoutMs: Infinity });
    await run(url);
    expect(requests[1]!.at).toBe(60_000);
  });

  it('ignores Retry-After where it is told to', async () => {
    const { run, requests } = setup([unavailable('2'), 200], { retry: { honourRetryAfter: false } });
    await run(url);
    expect(requests[1]!.at).toBe(100);
  });

  it('takes the signal of a Request, unless the call says that there is none', async () => {
    const { fetch, requests } = setup([200]);
    const request = new Request(url, { signal: AbortSignal.abort('before') });
    await expect(fetch(request)).rejects.toBe('before');
    expect((await fetch(request, { signal: null })).status).toBe(200);
    expect((await fetch(url, { signal: null })).status).toBe(200);
    expect(requests.map(({ init }) => init.signal?.aborted)).toEqual([false, false]);
  });

  it('ends its wait with the reason when the caller gives up (C3)', async () => {
    const { fetch, clock, fake } = setup([503]);
    const controller = new AbortController();
    clock.schedule(50, () => controller.abort('enough'));
    await expect(clock.runUntil(fetch(url, { signal: controller.signal }))).rejects.toBe('enough');
    expect(clock.now()).toBe(50);
    expect(clock.timers).toBe(0);
    expect(fake).toHaveBeenCalledTimes(1);
  });
});

function fast(): [string, string] {
  return ['Thu, 01 Jan 2026 01:00:03 GMT', 'Thu, 01 Jan 2026 01:00:00 GMT'];
}

describe('what resilientFetch tells the server', () => {
  it('is how long the answer of each attempt is wanted, in whole ms', async () => {
    const { run, header } = setup([503], { timeoutMs: 9_050.7 });
    await run(url);
    expect(header('x-request-timeout-ms')).toEqual(['9000', '8950', '8750']);
  });

  it('is the deadline of the caller where that is sooner', async () => {
    const { run, header } = setup([200]);
    await run(url, { timeoutMs: 1500.5 });
    expect(header('x-request-timeout-ms')).toEqual(['1500']);
  });

  it('is nothing without a deadline, where it is told so, or what the caller has set', async () => {
    const unlimited = setup([200], { timeoutMs: Infinity, attemptTimeoutMs: Infinity });
    await unlimited.run(url);
    expect(unlimited.header('x-request-timeout-ms')).toEqual([null]);
    const silent = setup([200], { deadlineHeader: false });
    await silent.run(url);
    expect(silent.header('x-request-timeout-ms')).toEqual([null]);
    const set = setup([200], { deadlineHeader: 'grpc-timeout' });
    await set.run(url, { headers: { 'GRPC-Timeout': '5S' } });
    expect(set.header('grpc-timeout')).toEqual(['5S']);
  });

  it('does not change what the caller passed', async () => {
    const init = Object.freeze({ method: 'PUT', headers: Object.freeze({ accept: 'a/b' }) });
    await setup([503, 200]).run(url, { ...init, idempotencyKey: 'k' });
    expect(init.headers).toEqual({ accept: 'a/b' });
  });
});

describe('the address', () => {
  it.each([
    ['items?x=1', 'https://stock.example/v1/items?x=1'],
    ['/items', 'https://stock.example/items'],
    ['https://other.example/', 'https://other.example/'],
  ])('%s is relative to the base', async (input, expected) => {
    const { run, requests } = setup([200], { baseUrl: 'https://stock.example/v1/' });
    await run(input);
    expect(requests[0]!.target).toBe(expected);
  });

  it('may be a URL', async () => {
    const { run, requests } = setup([200]);
    await run(new URL(url));
    expect(requests[0]!.target).toBe(url);
  });

  it('is refused when it is none, before anything is sent', async () => {
    const { run, fake } = setup([200]);
    await expect(run('/items')).rejects.toThrow(TypeError);
    await expect(run(url, { headers: { 'bad name': '1' } })).rejects.toThrow(TypeError);
    await expect(run(url, { timeoutMs: -1 })).rejects.toThrow(RangeError);
    expect(fake).not.toHaveBeenCalled();
  });
});
