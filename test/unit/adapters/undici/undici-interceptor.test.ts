import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetch, request } from 'undici';
import { describe, expect, it } from 'vitest';
import { undiciVerdict } from '../../../../src/adapters/undici/undici-answer.js';
import { pipeline } from '../../../../src/kernel/pipeline.js';
import { Meter } from '../../../../src/observe/meter.js';
import { Bulkhead } from '../../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../../src/resilience/circuit-breaker.js';
import { Hedge } from '../../../../src/resilience/hedge.js';
import { keyed } from '../../../../src/resilience/keyed.js';
import { Retry } from '../../../../src/resilience/retry.js';
import { Timeout } from '../../../../src/resilience/timeout.js';
import { codeOf, retry, stageOfEach, status } from './server.js';

const stage = stageOfEach();

describe('requests of undici', () => {
  it('are sent again when the server may do better, and answered as ever', async () => {
    stage.answer = (_, response, count) => status(count < 3 ? 503 : 200)(_, response, count);
    const dispatcher = stage.through({ policy: retry() });
    const { statusCode, headers, body } = await request(`${stage.origin}/stock`, {
      dispatcher,
      query: { sku: 'tea' },
    });
    expect([statusCode, headers['content-type'], await body.text()]).toEqual([200, undefined, '200']);
    expect(stage.seen).toEqual(Array.from({ length: 3 }, () => 'GET /stock?sku=tea'));
  });

  it('by fetch are, too', async () => {
    stage.answer = (_, response, count) => status(count < 2 ? 503 : 200)(_, response, count);
    const response = await fetch(stage.origin, { dispatcher: stage.through({ policy: retry() }) });
    expect([response.status, await response.text(), stage.seen.length]).toEqual([200, '200', 2]);
  });

  it('are answered with the last failure when attempts run out', async () => {
    stage.answer = (_, response, count) => void response.writeHead(503).end(`no ${count}`);
    const { statusCode, body } = await request(stage.origin, {
      dispatcher: stage.through({ policy: retry() }),
    });
    expect([statusCode, await body.text(), stage.seen.length]).toEqual([503, 'no 3', 3]);
  });

  it('are sent again on the connection of an answer that was thrown away', async () => {
    const sockets = new Set<unknown>();
    stage.server.on('connection', socket => sockets.add(socket));
    stage.answer = (_, response, count) =>
      void response.writeHead(count < 3 ? 503 : 200).end('x'.repeat(20_000));
    const { body } = await request(stage.origin, { dispatcher: stage.through({ policy: retry() }) });
    await body.dump();
    expect([stage.seen.length, sockets.size]).toEqual([3, 1]);
  });

  it('leave a large answer that is thrown away unread', async () => {
    const sent: number[] = [];
    stage.answer = (_, response, count) => {
      if (count > 1) return status(200)(_, response, count);
      response.writeHead(503);
      const more = () => {
        sent.push(65_536);
        if (sent.length < 1_000) response.write(Buffer.alloc(65_536), more);
      };
      response.on('error', () => {});
      more();
    };
    const { statusCode } = await request(stage.origin, { dispatcher: stage.through({ policy: retry() }) });
    expect(statusCode).toBe(200);
    await expect.poll(() => stage.heads[0]!.socket.destroyed).toBe(true);
    expect(sent.length).toBeLessThan(1_000);
  });

  it('are sent again after the time that the server asks for', async () => {
    stage.answer = (_, response, count) =>
      count < 2 ? status(503, { 'retry-after': '1' })(_, response, count) : status(200)(_, response, count);
    const began = performance.now();
    const { statusCode } = await request(stage.origin, { dispatcher: stage.through({ policy: retry() }) });
    expect([statusCode, performance.now() - began > 950]).toEqual([200, true]);
  });

  it('are sent again when a connection breaks before the head', async () => {
    stage.answer = (incoming, response, count) => {
      if (count < 3) incoming.socket.destroy();
      else status(200)(incoming, response, count);
    };
    const { statusCode } = await request(stage.origin, { dispatcher: stage.through({ policy: retry() }) });
    expect([statusCode, stage.seen.length]).toEqual([200, 3]);
  });

  it('are not when it breaks after it, which counts as a failure', async () => {
    stage.answer = (_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    };
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, classify: undiciVerdict });
    const dispatcher = stage.through({ policy: pipeline(retry(), breaker) });
    const { statusCode, body } = await request(stage.origin, { dispatcher });
    expect([statusCode, await codeOf(body.text())]).toEqual([200, 'UND_ERR_SOCKET']);
    expect([stage.seen.length, breaker.state]).toEqual([1, 'open']);
    expect(await codeOf(request(stage.origin, { dispatcher }))).toBe('ERR_CIRCUIT_OPEN');
  });

  it('that may not happen twice run through `once`, also with a stream for a body', async () => {
    stage.answer = status(503);
    const once = new Meter();
    const parts = ['three'].values() as never;
    const dispatcher = stage.through({ policy: retry(), once });
    await request(stage.origin, { dispatcher, method: 'POST', body: 'one' });
    await request(stage.origin, { dispatcher, method: 'PUT', body: Readable.from(['two']) });
    await request(stage.origin, {
      dispatcher,
      method: 'PUT',
      body: parts,
    });
    expect(stage.seen).toEqual(['POST / one', 'PUT / two', 'PUT / three']);
    await expect.poll(() => once.snapshot().calls).toBe(3);
  });

  it('that the server knows by a key, or that may happen twice, do not', async () => {
    stage.answer = status(503);
    const dispatcher = stage.through({ policy: retry(), once: new Meter() });
    const headers = { 'Idempotency-Key': 'order-7' };
    await request(stage.origin, { dispatcher, method: 'POST', body: 'one', headers });
    await request(stage.origin, { dispatcher, method: 'PUT', body: Buffer.from('two') });
    await request(stage.origin, {
      dispatcher,
      method: 'POST',
      body: 'three',
      headers: ['idempotency-key', ''],
    });
    expect(stage.seen).toEqual([
      ...Array(3).fill('POST / one'),
      ...Array(3).fill('PUT / two'),
      'POST / three',
    ]);
  });

  it('pass by where there is no policy for them', async () => {
    stage.answer = status(503);
    const dispatcher = stage.through({ policy: retry() });
    const { statusCode } = await request(stage.origin, { dispatcher, method: 'POST', body: 'one' });
    expect([statusCode, stage.seen.length]).toEqual([503, 1]);
  });
});

describe('policies around requests of undici', () => {
  it('hold their permits until the answer has ended, or until its head', async () => {
    let end = (): void => {};
    stage.answer = (_, response) => {
      response.writeHead(200).write('first');
      end = () => response.end();
    };
    for (const until of ['end', 'head'] as const) {
      const bulkhead = new Bulkhead({ slots: 1 });
      const { body } = await request(stage.origin, {
        dispatcher: stage.through({ policy: bulkhead, until }),
      });
      expect(bulkhead.snapshot().taken).toBe(until === 'end' ? 1 : 0);
      end();
      expect(await body.text()).toBe('first');
      await expect.poll(() => bulkhead.snapshot().taken).toBe(0);
    }
  });

  it('give up on a silent server, and amid an answer', async () => {
    stage.answer = (incoming, response) => {
      if (incoming.url === '/half') response.writeHead(200).write('half');
    };
    const dispatcher = stage.through({ policy: new Timeout({ timeoutMs: 80 }) });
    expect(await codeOf(request(stage.origin, { dispatcher }))).toBe('ERR_TIMEOUT');
    const { body } = await request(`${stage.origin}/half`, { dispatcher });
    expect(await codeOf(body.text())).toBe('ERR_TIMEOUT');
    await expect.poll(() => stage.heads.every(head => head.socket.destroyed)).toBe(true);
  });

  it('let a long answer pass when they see its head alone', async () => {
    stage.answer = (_, response) => {
      response.writeHead(200).write('long ');
      setTimeout(() => response.end('answer'), 150);
    };
    const dispatcher = stage.through({ policy: new Timeout({ timeoutMs: 80 }), until: 'head' });
    const { body } = await request(stage.origin, { dispatcher });
    expect(await body.text()).toBe('long answer');
  });

  it('know the origin as the key', async () => {
    const breakers = keyed(() => new CircuitBreaker({ classify: undiciVerdict }), { maxKeys: 10 });
    const dispatcher = stage.through({ policy: breakers });
    await (await request(`${stage.origin}/a`, { dispatcher })).body.dump();
    expect(breakers.get(stage.origin)).toBeInstanceOf(CircuitBreaker);
  });

  it('tell the server how long it has', async () => {
    const dispatcher = stage.through({ policy: new Timeout({ timeoutMs: 5_000 }) });
    await request(stage.origin, { dispatcher, headers: new Headers({ a: 'b' }) });
    const { 'x-request-timeout-ms': leftMs, a } = stage.heads[0]!.headers;
    expect([Number(leftMs) > 4_000, Number(leftMs) <= 5_000, a]).toEqual([true, true, 'b']);
    const silent = stage.through({ policy: new Timeout({ timeoutMs: 5_000 }), deadlineHeader: false });
    await request(stage.origin, { dispatcher: silent, headers: { a: 'b' } });
    expect(stage.heads[1]!.headers).not.toHaveProperty('x-request-timeout-ms');
  });

  it('hedge: the first head is handed on, the other request is ended', async () => {
    stage.answer = (_, response, count) => {
      if (count === 2) status(200)(_, response, count);
    };
    const breaker = new CircuitBreaker({ classify: undiciVerdict });
    const hedge = new Hedge({ delayMs: 20, idempotent: true });
    const dispatcher = stage.through({ policy: pipeline(hedge, breaker) });
    const { body } = await request(stage.origin, { dispatcher });
    expect(await body.text()).toBe('200');
    await expect.poll(() => stage.heads.map(head => head.socket.destroyed)).toEqual([true, false]);
    expect(breaker.snapshot().window).toBe('0');
  });

  it('do not count what undici refuses to send', async () => {
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, classify: undiciVerdict });
    const dispatcher = stage.through({ policy: pipeline(retry(), breaker) });
    const options = { dispatcher, headers: { 'bad header': 'x' } };
    expect(await codeOf(request(stage.origin, options))).toBe('UND_ERR_INVALID_ARG');
    expect(breaker.state).toBe('closed');
  });

  it('wait as long as they like: whoever gives up is heard', async () => {
    stage.answer = status(503);
    const slow = new Retry({ backoff: { kind: 'constant', delayMs: 60_000 }, classify: undiciVerdict });
    const controller = new AbortController();
    const { signal } = controller;
    const asked = request(stage.origin, { dispatcher: stage.through({ policy: slow }), signal });
    await expect.poll(() => stage.seen.length).toBe(1);
    await sleep(20);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });
});
