import { describe, expect, it, vi } from 'vitest';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { drain } from '../../../src/resilience/http-outcome.js';
import { httpValues } from '../../../src/resilience/http-policies.js';
import { resilientFetch } from '../../../src/resilience/resilient-fetch.js';
import type { ResilientFetchOptions } from '../../../src/resilience/resilient-fetch-options.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

function setup(
  answer: (target: string, init: RequestInit) => Promise<Response>,
  options?: ResilientFetchOptions,
) {
  const clock = new VirtualClock();
  const fake = vi.fn(answer);
  const fetch = resilientFetch({ fetch: fake as never, clock, random: () => 0.5, ...options });
  return { clock, fake, fetch };
}

const status = (code: number, headers?: HeadersInit) => async () =>
  new Response(null, { status: code, ...(headers && { headers }) });
const [sick, well] = ['https://sick.example', 'https://well.example'];

describe('the breakers of resilientFetch', () => {
  const patient = { retry: false, breaker: { window: { calls: 4 }, minCalls: 4 } } as const;

  it('keep calls from a sick origin, and from no other', async () => {
    const { fetch, fake } = setup(
      async target => new Response(null, { status: target.startsWith(sick) ? 500 : 200 }),
      patient,
    );
    for (let i = 0; i < 4; i++) await fetch(sick);
    await expect(fetch(`${sick}/other`)).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(fetch.breaker(`${sick}/path`)!.state).toBe('open');
    expect((await fetch(well)).status).toBe(200);
    expect(fake).toHaveBeenCalledTimes(5);
  });

  it('open for errors, but for no answer that the client has to blame itself for', async () => {
    const broken = setup(() => Promise.reject(new TypeError('fetch failed')), patient);
    for (let i = 0; i < 4; i++) await broken.fetch(sick).catch(() => {});
    expect(broken.fetch.breaker(sick)!.state).toBe('open');
    const missing = setup(status(404), patient);
    for (let i = 0; i < 20; i++) await missing.fetch(sick);
    expect(missing.fetch.breaker(sick)!.state).toBe('closed');
  });

  it('stay open as long as the server asks', async () => {
    const { fetch } = setup(status(503, { 'retry-after': '120' }), patient);
    for (let i = 0; i < 4; i++) await fetch(sick);
    await expect(fetch(sick)).rejects.toMatchObject({ retryAfterMs: 120_000 });
  });

  it('end the attempts of a call when they open meanwhile', async () => {
    const { fetch, fake, clock } = setup(status(500), { breaker: { consecutiveFailures: 2 } });
    await expect(clock.runUntil(fetch(sick))).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(fake).toHaveBeenCalledTimes(2);
  });

  it('are left out where nobody wants them', async () => {
    const { fetch } = setup(status(500), { retry: false, breaker: false });
    for (let i = 0; i < 200; i++) expect((await fetch(sick)).status).toBe(500);
    expect(fetch.breaker(sick)).toBeUndefined();
  });

  it('are no more than maxOrigins, the open ones kept', async () => {
    const { fetch } = setup(status(500), { ...patient, maxOrigins: 2 });
    for (let i = 0; i < 4; i++) await fetch(sick);
    // The others fail as well, and share a breaker when there is no room for one of their own.
    for (let i = 0; i < 50; i++) await fetch(`https://host-${i}.example`).catch(() => {});
    expect(fetch.breaker(sick)!.state).toBe('open');
  });
});

describe('the time of resilientFetch', () => {
  const hang = (_: string, init: RequestInit) =>
    new Promise<Response>((_, reject) => {
      init.signal!.addEventListener('abort', () => reject(init.signal!.reason));
    });

  it('limits each attempt, and all of them together', async () => {
    const { fetch, fake, clock } = setup(hang, { retry: { attempts: 4 } });
    await expect(clock.runUntil(fetch(well))).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      timeoutMs: 30_000,
    });
    expect(fake).toHaveBeenCalledTimes(4);
    expect(clock.now()).toBe(30_000);
    const twice = setup(hang, { retry: { attempts: 2 } });
    await expect(twice.clock.runUntil(twice.fetch(well))).rejects.toMatchObject({ timeoutMs: 9_000 });
    await expect(clock.runUntil(fetch(well, { timeoutMs: 500 }))).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
    });
    await settle();
    expect(clock.timers).toBe(0);
  });

  it('stands still for guards of the user', async () => {
    const bulkhead = new Bulkhead({ slots: 1, queue: 0 });
    const { fetch, clock } = setup(hang, { guards: [bulkhead], retry: false });
    const first = fetch(well);
    await expect(fetch(well)).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    await expect(clock.runUntil(first)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  });
});

describe('a response that nobody reads', () => {
  const clock = new VirtualClock();

  function streamed(chunks: number, headers: HeadersInit = {}) {
    const cancel = vi.fn();
    let left = chunks;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (left-- > 0) controller.enqueue(new Uint8Array(16_384));
          else if (chunks > 0) controller.close();
        },
        cancel,
      },
      { highWaterMark: 0 },
    );
    return { cancel, pulled: () => chunks - left, response: new Response(body, { headers }) };
  }

  it('is read to its end when it is small', async () => {
    const { response, cancel } = streamed(3);
    await drain(response, clock);
    expect(response.bodyUsed).toBe(true);
    expect(cancel).not.toHaveBeenCalled();
    expect(clock.timers).toBe(0);
  });

  it('is cut off when it turns out to be large, or says so', async () => {
    const large = streamed(1000);
    await drain(large.response, clock);
    expect(large.cancel).toHaveBeenCalledTimes(1);
    expect(large.pulled()).toBe(5);
    const declared = streamed(1000, { 'content-length': '16384000' });
    await drain(declared.response, clock);
    expect(declared.pulled()).toBe(0);
    expect(declared.cancel).toHaveBeenCalledTimes(1);
  });

  it('is cut off when it is slow', async () => {
    const { response, cancel } = streamed(0);
    const drained = drain(response, clock);
    await clock.runUntil(drained);
    expect(clock.now()).toBe(1000);
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it('may break, be empty or be read already', async () => {
    const broken = new ReadableStream({
      pull() {
        throw new Error('reset');
      },
    });
    await drain(new Response(broken), clock);
    await drain(new Response(null), clock);
    const read = new Response('text');
    await read.text();
    await drain(read, clock);
  });
});

describe('the options of resilientFetch', () => {
  it.each<[string, readonly unknown[]]>([
    ['timeoutMs', [Number.NaN, -1, 0, -Infinity, '1', null]],
    ['attemptTimeoutMs', [Number.NaN, -1, 0, -Infinity, '1', null]],
    ['maxOrigins', [Number.NaN, -1, 0, 1.5, Infinity, 2 ** 31, '1', null]],
    ['fetch', ['fetch']],
    ['guards', [5]],
    ['baseUrl', ['/relative', '']],
    ['deadlineHeader', ['bad name', '', 5, true, null]],
    ['idempotencyKeyHeader', ['bad:name', false]],
  ])('refuse a bad %s: %j', (option, values) => {
    for (const value of values) {
      expect(() => resilientFetch({ [option]: value })).toThrow(
        new RegExp(`^resilientFetch: \`${option}\` must be`),
      );
    }
  });

  it('are handed on to the policies, which refuse what is theirs', () => {
    expect(() => resilientFetch({ retry: { attempts: 0 } })).toThrow('Retry: `attempts`');
    expect(() => resilientFetch({ breaker: { failureRatio: 5 } })).toThrow('CircuitBreaker: `failureRatio`');
    expect(() => resilientFetch({ retries: 3 } as never)).toThrow('unknown option `retries`');
  });

  it('take 1.5, 2^31 and Infinity for a span', () => {
    for (const timeoutMs of [1.5, 2 ** 31, Infinity])
      resilientFetch({ timeoutMs, attemptTimeoutMs: timeoutMs });
  });

  it('make a pipeline that can be looked at', () => {
    const description = resilientFetch().describe();
    expect(JSON.parse(JSON.stringify(description))).toMatchObject({
      kind: 'resilient-fetch',
      name: 'fetch',
      pipeline: [
        { kind: 'timeout', timeoutMs: httpValues.timeoutMs },
        { kind: 'retry', attempts: 3, backoff: httpValues.backoff },
        { kind: 'keyed', maxKeys: 100, policy: { kind: 'circuit-breaker' } },
        { kind: 'timeout', timeoutMs: httpValues.attemptTimeoutMs },
      ],
    });
  });
});
