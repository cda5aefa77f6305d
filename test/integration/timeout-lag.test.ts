import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Timeout } from '../../src/index.js';

const BLOCK_MS = 300;
const TIMEOUT_MS = 200;
// The reply comes 60 ms after the request: amid the block, which begins when the server has the request.

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** A server on a thread of its own, so that it answers while the loop of this one is blocked. */
const serverSource = `
  const { createServer } = require('node:http');
  const { parentPort } = require('node:worker_threads');
  const server = createServer((request, response) => {
    parentPort.postMessage('asked');
    if (request.url !== '/silent') setTimeout(() => response.end('there'), 60);
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

describe('a reply that waits in the socket buffer while the event loop is blocked', () => {
  let worker: Worker;
  let url: string;

  beforeAll(async () => {
    worker = new Worker(serverSource, { eval: true });
    const [port] = (await once(worker, 'message')) as [number];
    url = `http://127.0.0.1:${port}`;
  });

  afterAll(() => worker.terminate());

  const get = (timeout: Timeout, path: string, options?: { timeoutMs: number }): Promise<string> =>
    timeout.execute(async ({ signal }) => (await fetch(url + path, { signal })).text(), options);

  it.each([
    ['a timeout', TIMEOUT_MS, undefined],
    ['the deadline of the call', 60_000, { timeoutMs: TIMEOUT_MS }],
  ])('is not lost to %s', async (_what, timeoutMs, options) => {
    const timeout = new Timeout({ timeoutMs });
    const asked = once(worker, 'message');
    const call = get(timeout, '/', options);
    await asked;
    block(BLOCK_MS);
    await expect(call).resolves.toBe('there');
    expect(timeout.snapshot()).toMatchObject({ running: 0, timedOut: 0 });
  });

  it('but a server that keeps silent is given up right after the block', async () => {
    const timeout = new Timeout({ timeoutMs: TIMEOUT_MS });
    const asked = once(worker, 'message');
    const call = get(timeout, '/silent');
    await asked;
    block(BLOCK_MS);
    const unblockedAt = performance.now();
    await expect(call).rejects.toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: TIMEOUT_MS });
    expect(performance.now() - unblockedAt).toBeLessThan(TIMEOUT_MS);
  });

  it('and the block is not charged to a call that was started at its beginning', async () => {
    const timeout = new Timeout({ timeoutMs: TIMEOUT_MS });
    const call = get(timeout, '/');
    block(BLOCK_MS);
    await expect(call).resolves.toBe('there');
  });
});

describe('Timeout over real HTTP', () => {
  let server: Server;
  let url: string;
  let aborted: Promise<unknown>;

  beforeAll(async () => {
    server = createServer((request, response) => {
      aborted = once(response, 'close');
      request.resume();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise(resolve => server.close(resolve)));

  it('ends the request at the server, through the signal', async () => {
    const call = new Timeout({ timeoutMs: 50 }).execute(({ signal }) => fetch(url, { signal }));
    await expect(call).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    await aborted;
  });
});
