import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Hedge } from '../../src/resilience/hedge.js';
import { TestServer } from './http-server.js';

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(async () => {
  await delay(20);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

it('answers from the second server, and closes the socket to the first one', async () => {
  await using slow = await TestServer.start(() => {});
  await using quick = await TestServer.start((_, response) => response.end('quick'));
  const hedge = new Hedge({ delayMs: 30, idempotent: true, endpoints: [slow.url, quick.url] });
  const text = await hedge.execute(async ({ attributes: { endpoint }, signal }) => {
    const response = await fetch(`${endpoint}/stock`, { signal });
    return response.text();
  });
  expect(text).toBe('quick');
  const { socket } = slow.requests[0]!;
  if (!socket.destroyed) await once(socket, 'close');
  expect([slow.requests.length, quick.requests.length]).toEqual([1, 1]);
  expect(hedge.snapshot()).toMatchObject({ hedged: 1, won: 1, losers: 0 });
});

it('goes on at once where nobody listens', async () => {
  const gone = await TestServer.start(() => {});
  const { url } = gone;
  await gone[Symbol.asyncDispose]();
  await using there = await TestServer.start((_, response) => response.end('there'));
  const hedge = new Hedge({ delayMs: 60_000, idempotent: true, endpoints: [url, there.url] });
  const response = await hedge.execute(({ attributes: { endpoint }, signal }) =>
    fetch(String(endpoint), { signal }),
  );
  expect(await response.text()).toBe('there');
});

it('frees the connection of an answer that came too late', async () => {
  await using server = await TestServer.start((_, response, count) => {
    // The first head comes after the second answer, and its body never.
    if (count === 1) setTimeout(() => response.writeHead(200).write('never'), 120);
    else response.end('second');
  });
  const hedge = new Hedge({ delayMs: 20, idempotent: true });
  // A client that heeds no signal: only the body can be let go of.
  const response = await hedge.execute(() => fetch(server.url));
  expect(await response.text()).toBe('second');
  expect(hedge.snapshot().losers).toBe(1);
  const { socket } = server.requests[0]!;
  if (!socket.destroyed) await once(socket, 'close');
  expect(hedge.snapshot().losers).toBe(0);
});

it('throws all errors where everybody is gone', async () => {
  const gone = await TestServer.start(() => {});
  const { url } = gone;
  await gone[Symbol.asyncDispose]();
  const hedge = new Hedge({ idempotent: true, maxHedges: 2 });
  await expect(hedge.execute(() => fetch(url))).rejects.toMatchObject({
    code: 'ERR_ALL_FAILED',
    errors: [{ cause: { code: 'ECONNREFUSED' } }, {}, {}],
  });
});
