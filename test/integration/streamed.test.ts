import type { ServerResponse } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { pipeline } from '../../src/kernel/pipeline.js';
import { Bulkhead } from '../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import { Retry } from '../../src/resilience/retry.js';
import { streamed } from '../../src/resilience/stream-policy.js';
import { runProgram } from './child-program.js';
import { TestServer } from './http-server.js';

const limits = { firstChunkMs: 150, idleChunkMs: 150, idleReadMs: 5_000 };

function policies() {
  const bulkhead = new Bulkhead({ slots: 2 });
  const breaker = new CircuitBreaker({ consecutiveFailures: 100 });
  const retry = new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 1 } });
  const policy = streamed(pipeline(retry, breaker, bulkhead), limits);
  const taken = () => bulkhead.snapshot().taken;
  return { policy, taken, totals: () => breaker.explain().totals };
}

/** Resolves in the turn after the server has seen the connection go. */
function closed(response: ServerResponse): Promise<void> {
  return new Promise(resolve => response.once('close', () => setImmediate(resolve)));
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await new Promise(resolve => setTimeout(resolve, 2));
  expect(holds()).toBe(true);
}

describe('a response in chunks over HTTP', () => {
  // The first call of a process loads the client, which may take longer than the limits here.
  beforeAll(async () => {
    await using server = await TestServer.start((_, response) => response.end('warm'));
    await (await fetch(server.url)).text();
  });

  it('holds its slot until its body is read, and arrives whole', async () => {
    const { policy, taken, totals } = policies();
    const chunk = 'x'.repeat(100_000);
    await using server = await TestServer.start((_, response) => {
      for (let i = 0; i < 20; i++) response.write(chunk);
      response.end();
    });
    const response = await policy.execute(({ signal }) => fetch(server.url, { signal }));
    expect([response.status, response.url, taken()]).toEqual([200, `${server.url}/`, 1]);
    expect(await response.text()).toHaveLength(20 * chunk.length);
    await until(() => taken() === 0);
    expect(totals()).toMatchObject({ success: 1, failure: 0 });
  });

  it('fails when the server stalls amid it, and the connection is closed', async () => {
    const { policy, taken, totals } = policies();
    let gone: Promise<void> | undefined;
    await using server = await TestServer.start((_, response) => {
      gone = closed(response);
      response.write('begin');
    });
    const response = await policy.execute(({ signal }) => fetch(server.url, { signal }));
    await expect(response.text()).rejects.toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 150 });
    await gone;
    await until(() => taken() === 0);
    expect(totals()).toMatchObject({ success: 0, failure: 1 });
    // The caller had a part of it: it is not asked for again.
    expect(server.requests).toHaveLength(1);
  });

  it('fails when the server resets amid it', async () => {
    const { policy, taken, totals } = policies();
    await using server = await TestServer.start((_, response) => {
      response.write('begin', () => setTimeout(() => response.destroy(), 20));
    });
    const response = await policy.execute(({ signal }) => fetch(server.url, { signal }));
    await expect(response.text()).rejects.toThrow(TypeError);
    await until(() => taken() === 0);
    expect(totals()).toMatchObject({ success: 0, failure: 1 });
    expect(server.requests).toHaveLength(1);
  });

  it('is asked for again when the head came, and no chunk', async () => {
    const { policy, taken, totals } = policies();
    await using server = await TestServer.start((_, response, count) => {
      response.flushHeaders();
      if (count > 1) response.end('second');
    });
    const response = await policy.execute(({ signal }) => fetch(server.url, { signal }));
    expect(await response.text()).toBe('second');
    await until(() => taken() === 0);
    expect(totals()).toMatchObject({ success: 1, failure: 1 });
    expect(server.requests).toHaveLength(2);
  });

  it('is ended by a reader that leaves, at the server too', async () => {
    const { policy, taken, totals } = policies();
    let gone: Promise<void> | undefined;
    await using server = await TestServer.start((_, response) => {
      gone = closed(response);
      const more = (): void => {
        if (!response.destroyed) response.write('more\n', () => setTimeout(more, 1));
      };
      more();
    });
    const response = await policy.execute(({ signal }) => fetch(server.url, { signal }));
    const reader = response.body!.getReader();
    for (let i = 0; i < 3; i++) await reader.read();
    await reader.cancel();
    await gone;
    await until(() => taken() === 0);
    expect(totals()).toMatchObject({ success: 0, failure: 0, cancelled: 1 });
  });

  it('makes the server wait for a slow reader', async () => {
    const { policy } = policies();
    let written = 0;
    await using server = await TestServer.start((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) written++;
      };
      response.on('drain', more);
      more();
    });
    const response = await policy.execute(({ signal }) => fetch(server.url, { signal }));
    await new Promise(resolve => setTimeout(resolve, 200));
    const before = written;
    await new Promise(resolve => setTimeout(resolve, 200));
    // What the sockets hold, and no more.
    expect(written).toBe(before);
    await response.body!.cancel();
  });
});

describe('many streams', { timeout: 90_000 }, () => {
  it('leave no timer, no listener and no memory behind, however they end', async () => {
    const end = await runProgram(
      `
      import { Bulkhead, CircuitBreaker, pipeline, Retry, streamed, Timeout } from 'keelson';
      import { countingSignal } from 'keelson/testing';
      process.on('unhandledRejection', error => { console.error('unhandled', error); process.exit(1); });
      const caller = countingSignal();
      const breaker = new CircuitBreaker({ mode: 'observe' });
      const bulkhead = new Bulkhead({ slots: 1_000 });
      const retry = new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 0 } });
      const inside = pipeline(retry, breaker, new Timeout({ timeoutMs: 60_000 }), bulkhead);
      const policy = streamed(inside, { idleChunkMs: 20 });
      async function* chunks(i) {
        if (i % 7 === 0) throw new Error('at once');
        yield 1;
        if (i % 5 === 0) throw new Error('amid it');
        yield 2;
      }
      const hang = { [Symbol.asyncIterator]: () => {
        let first = true;
        return { next: () => (first ? ((first = false), { value: 1 }) : new Promise(() => {})) };
      } };
      async function one(i) {
        const source = i % 50 === 0 ? () => hang : () => chunks(i);
        const stream = await policy.execute(source, i % 2 ? { signal: caller.signal } : undefined);
        for await (const _ of stream) if (i % 3 === 0) break;
      }
      const heap = async () => {
        for (let i = 0; i < 3; i++) { gc(); await new Promise(resolve => setImmediate(resolve)); }
        return process.memoryUsage().heapUsed;
      };
      let before = Infinity, grown = Infinity;
      // The first rounds are those in which the engine learns about the code, and keeps what it has learnt.
      for (let round = 0; round < 8; round++) {
        for (let i = 0; i < 4_000; i += 200) {
          await Promise.allSettled(Array.from({ length: 200 }, (_, j) => one(i + j)));
        }
        const after = await heap();
        if (round > 3) grown = Math.min(grown, after - before);
        before = after;
      }
      const timers = process.getActiveResourcesInfo().filter(one => one === 'Timeout').length;
      const { open } = policy.snapshot();
      const { taken } = bulkhead.snapshot();
      const { inFlight } = breaker.explain();
      console.log(JSON.stringify({ timers, listeners: caller.listeners(), open, taken, inFlight, grown }));
      `,
      { nodeFlags: ['--expose-gc'], killAfterMs: 60_000 },
    );
    expect(end).toMatchObject({ code: 0, stderr: '' });
    const { grown, ...left } = JSON.parse(end.stdout) as Record<string, number>;
    expect(left).toEqual({ timers: 0, listeners: 0, open: 0, taken: 0, inFlight: 0 });
    expect(grown).toBeLessThan(4_000 * 8);
  });

  it('do not keep the process alive for a reader that has forgotten one', async () => {
    const end = await runProgram(`
      import { Retry, streamed } from 'keelson';
      const policy = streamed(new Retry());
      const stream = await policy.execute(async function* () { yield 1; yield 2; });
      await stream.next();
      console.log('forgotten');
    `);
    expect(end).toMatchObject({ code: 0, stdout: 'forgotten\n' });
    expect(end.elapsedMs).toBeLessThan(5_000);
  });
});
