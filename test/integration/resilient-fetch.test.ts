import { EventEmitter, getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { attemptsOf } from '../../src/kernel/attempt-history.js';
import { type Clock, systemClock } from '../../src/kernel/clock.js';
import { resilientFetch } from '../../src/resilience/resilient-fetch.js';
import { TestServer } from './http-server.js';

const quick = { retry: { backoff: { kind: 'constant', delayMs: 5 } } } as const;
const answer = (response: ServerResponse, status: number, body = `${status}`, headers = {}) =>
  response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers }).end(body);

let server: TestServer | undefined;
async function serve(...args: Parameters<typeof TestServer.start>): Promise<TestServer> {
  server = await TestServer.start(...args);
  return server;
}
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(async () => {
  await delay(20);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

describe('resilientFetch and a real server', () => {
  it('recovers from statuses, resets and a hang', async () => {
    const { url, requests } = await serve((request, response, count) => {
      if (count === 1) answer(response, 503, 'busy', { 'retry-after': '0' });
      else if (count === 2) request.socket.destroy();
      else if (count > 3) answer(response, 200, 'at last');
    });
    const fetch = resilientFetch({ retry: { ...quick.retry, attempts: 4 }, attemptTimeoutMs: 150 });
    const response = await fetch(url);
    expect(await response.text()).toBe('at last');
    expect(requests).toHaveLength(4);
    expect(fetch.retry!.snapshot()).toEqual({ retried: 3, recovered: 1, gaveUp: 0 });
  });

  it('throws what fetch threw when nobody is there, with the attempts', async () => {
    const { url } = await serve(() => {});
    await server![Symbol.asyncDispose]();
    const error = await resilientFetch(quick)(url).catch((error: unknown) => error);
    expect(error).toMatchObject({ name: 'TypeError', cause: { code: 'ECONNREFUSED' } });
    expect(attemptsOf(error)).toHaveLength(3);
    server = undefined;
  });

  it('drains what it throws away, so that one connection serves all attempts', async () => {
    const started = await serve((_, response, count) =>
      answer(response, count < 3 ? 503 : 200, 'x'.repeat(30_000)),
    );
    const response = await resilientFetch(quick)(started.url);
    expect(await response.text()).toHaveLength(30_000);
    expect(started.requests).toHaveLength(3);
    expect(started.connections).toBe(1);
  });

  it('cuts off a large answer that it throws away', async () => {
    const closed = new EventEmitter();
    const { url } = await serve((_, response, count) => {
      if (count > 1) {
        answer(response, 200);
        return;
      }
      response.writeHead(500);
      const more = () =>
        void (response.writable && response.write(Buffer.alloc(65_536), () => setImmediate(more)));
      more();
      response.on('close', () => closed.emit('closed'));
    });
    const cut = once(closed, 'closed');
    expect((await resilientFetch(quick)(url)).status).toBe(200);
    await cut;
  });

  it('sends a body again, byte for byte, and a stream never (RT9)', async () => {
    const started = await serve((_, response, count) => answer(response, count % 3 === 0 ? 200 : 503));
    const fetch = resilientFetch(quick);
    expect((await fetch(started.url, { method: 'PUT', body: 'same' })).status).toBe(200);
    const body = new Blob(['once']).stream();
    const init = { method: 'PUT', body, duplex: 'half' } as RequestInit;
    expect((await fetch(started.url, init)).status).toBe(503);
    expect(started.bodies).toEqual(['same', 'same', 'same', 'once']);
  });

  it('tells the deadline and the idempotency key', async () => {
    const { url, requests } = await serve((_, response, count) => answer(response, count < 2 ? 503 : 200));
    const fetch = resilientFetch({ ...quick, makeIdempotencyKeys: true, attemptTimeoutMs: 5_000 });
    await fetch(url, { method: 'POST', body: '{}', timeoutMs: 3_000 });
    const told = requests.map(({ headers }) => Number(headers['x-request-timeout-ms']));
    expect(told.every(ms => Number.isInteger(ms) && ms > 2_000 && ms <= 3_000)).toBe(true);
    const keys = requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
  });
});

describe('resilientFetch and a caller who gives up', () => {
  it('ends the request that is running, with the reason', async () => {
    const closed = new EventEmitter();
    const { url, requests } = await serve((_, response) => response.on('close', () => closed.emit('closed')));
    const controller = new AbortController();
    const cut = once(closed, 'closed');
    const call = resilientFetch(quick)(url, { signal: controller.signal });
    await delay(30);
    controller.abort('enough');
    await expect(call).rejects.toBe('enough');
    await cut;
    expect(requests).toHaveLength(1);
  });

  it('ends a body that is still being read, long after the head', async () => {
    const { url } = await serve((_, response) => response.writeHead(200).write('begin'));
    const controller = new AbortController();
    const response = await resilientFetch(quick)(url, { signal: controller.signal });
    const text = response.text();
    controller.abort(new Error('enough'));
    await expect(text).rejects.toThrow('enough');
  });

  it('reads a body for longer than any timeout, for those end with the head', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200).write('slow ');
      setTimeout(() => response.end('but whole'), 120);
    });
    const response = await resilientFetch({ timeoutMs: 60, attemptTimeoutMs: 50 })(url);
    expect(await response.text()).toBe('slow but whole');
  });

  it('leaves nothing that holds the process open', async () => {
    const { url } = await serve((_, response, count) => answer(response, count % 3 === 0 ? 200 : 503));
    const holding = new Set<object>();
    const clock: Clock = {
      ...systemClock,
      schedule(delayMs, callback, keepAlive) {
        const entry = {};
        if (keepAlive) holding.add(entry);
        const fire = () => {
          holding.delete(entry);
          callback();
        };
        const timer = systemClock.schedule(delayMs, fire, keepAlive);
        return {
          cancel() {
            holding.delete(entry);
            timer.cancel();
          },
        };
      },
    };
    const fetch = resilientFetch({ ...quick, breaker: false, clock });
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) await (await fetch(url, { signal })).text();
    // Timeouts share a timer, which is taken down when the turn is over.
    await delay(5);
    expect(holding.size).toBe(0);
    // One for all bodies that nobody has collected yet.
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
  });

  it('has one listener at a signal for all calls, and none after those without a body', async () => {
    const { url } = await serve((_, response) => response.writeHead(204).end());
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on('warning', warn);
    const fetch = resilientFetch(quick);
    const { signal } = new AbortController();
    const calls = Array.from({ length: 40 }, () => fetch(url, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const { status } of await Promise.all(calls)) expect(status).toBe(204);
    await delay(5);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });
});
