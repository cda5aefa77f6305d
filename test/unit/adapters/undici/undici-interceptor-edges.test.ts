import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { interceptors, MockAgent, request } from 'undici';
import { describe, expect, it } from 'vitest';
import { undiciVerdict } from '../../../../src/adapters/undici/undici-answer.js';
import { undiciInterceptor } from '../../../../src/adapters/undici/undici-interceptor.js';
import { pipeline } from '../../../../src/kernel/pipeline.js';
import type { Policy } from '../../../../src/kernel/policy.js';
import { Meter } from '../../../../src/observe/meter.js';
import { Bulkhead } from '../../../../src/resilience/bulkhead.js';
import { Cache } from '../../../../src/resilience/cache.js';
import { CircuitBreaker } from '../../../../src/resilience/circuit-breaker.js';
import { codeOf, retry, stageOfEach, status } from './server.js';

const stage = stageOfEach();

describe('an intercepted answer', () => {
  it('waits for its reader, whichever attempt it is of', async () => {
    let sent = 0;
    const part = Buffer.alloc(65_536);
    stage.answer = (_, response, count) => {
      if (count < 2) return status(503)(_, response, count);
      const more = () => {
        if (++sent < 200) response.write(part, more);
        else response.end(part);
      };
      response.writeHead(200);
      more();
    };
    const { body } = await request(stage.origin, { dispatcher: stage.through({ policy: retry() }) });
    await sleep(300);
    // What the kernel keeps of a connection, not the 13 MB of the whole.
    expect(sent).toBeLessThan(150);
    let bytes = 0;
    for await (const chunk of body) bytes += chunk.length;
    expect(bytes).toBe(200 * part.length);
  });

  it('has its trailers', async () => {
    stage.answer = (_, response, count) => {
      response.writeHead(count < 2 ? 503 : 200, { trailer: 'digest' });
      response.write('text');
      response.addTrailers({ digest: `of ${count}` });
      response.end();
    };
    const { body, trailers } = await request(stage.origin, {
      dispatcher: stage.through({ policy: retry() }),
    });
    await body.dump();
    expect(trailers).toEqual({ digest: 'of 2' });
  });

  it('comes after its early hints', async () => {
    stage.answer = (_, response, count) => {
      response.writeEarlyHints({ link: `</style-${count}.css>; rel=preload` });
      status(count < 2 ? 503 : 200)(_, response, count);
    };
    const hints: unknown[] = [];
    const { statusCode } = await request(stage.origin, {
      dispatcher: stage.through({ policy: retry() }),
      onInfo: ({ statusCode: code, headers }) => hints.push(code, headers['link']),
    });
    expect(statusCode).toBe(200);
    expect(hints).toEqual([103, '</style-1.css>; rel=preload', 103, '</style-2.css>; rel=preload']);
  });

  it('without a body is whole at once', async () => {
    stage.answer = (incoming, response, count) =>
      void response.writeHead(count < 2 ? 503 : incoming.method === 'HEAD' ? 200 : 204).end();
    const bulkhead = new Bulkhead({ slots: 1 });
    const dispatcher = stage.through({ policy: pipeline(retry(), bulkhead) });
    for (const method of ['HEAD', 'GET'] as const) {
      const { statusCode, body } = await request(stage.origin, { dispatcher, method });
      expect([statusCode, await body.text()]).toEqual([method === 'HEAD' ? 200 : 204, '']);
    }
    await expect.poll(() => bulkhead.snapshot().taken).toBe(0);
  });

  it('that is failing and the last is read and left as any other', async () => {
    stage.answer = (_, response) => void response.writeHead(503).end('x'.repeat(200_000));
    const meter = new Meter({ classify: undiciVerdict });
    const dispatcher = stage.through({ policy: meter });
    const read = await request(stage.origin, { dispatcher });
    expect((await read.body.text()).length).toBe(200_000);
    const left = await request(stage.origin, { dispatcher });
    left.body.destroy();
    await expect.poll(() => stage.heads[1]!.socket.destroyed).toBe(true);
    expect(meter.snapshot().outcomes).toMatchObject({ failure: 2, success: 0 });
  });

  it('is given up by its reader, which is no failure', async () => {
    stage.answer = (_, response) => void response.writeHead(200).write('a part');
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, classify: undiciVerdict });
    const bulkhead = new Bulkhead({ slots: 1 });
    const controller = new AbortController();
    const { body } = await request(stage.origin, {
      dispatcher: stage.through({ policy: pipeline(breaker, bulkhead) }),
      signal: controller.signal,
    });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(body.text()).rejects.toBe(reason);
    await expect.poll(() => bulkhead.snapshot().taken).toBe(0);
    expect(breaker.state).toBe('closed');
    await expect.poll(() => stage.heads[0]!.socket.destroyed).toBe(true);
  });
});

describe('a request that is given up', () => {
  it('before it is made is not made', async () => {
    const dispatcher = stage.through({ policy: retry() });
    const reason = new Error('too late');
    const asked = request(stage.origin, { dispatcher, signal: AbortSignal.abort(reason) });
    await expect(asked).rejects.toBe(reason);
    expect(stage.seen).toEqual([]);
  });

  it('while it waits for a connection frees its slot at once, and is never sent', async () => {
    let end = (): void => {};
    stage.answer = (_, response) => {
      end = () => response.end();
    };
    const bulkhead = new Bulkhead({ slots: 2 });
    const dispatcher = stage.through({ policy: bulkhead }, stage.agent({ connections: 1 }));
    const first = request(`${stage.origin}/first`, { dispatcher });
    await expect.poll(() => stage.seen.length).toBe(1);
    const controller = new AbortController();
    const second = request(`${stage.origin}/second`, { dispatcher, signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    await expect.poll(() => bulkhead.snapshot().taken).toBe(1);
    end();
    await (await first).body.dump();
    await sleep(20);
    expect(stage.seen).toEqual(['GET /first']);
  });

  it('while it waits in line leaves it', async () => {
    stage.answer = () => {};
    const bulkhead = new Bulkhead({ slots: 1, queue: 1 });
    const dispatcher = stage.through({ policy: bulkhead });
    const first = request(stage.origin, { dispatcher });
    const controller = new AbortController();
    const second = request(stage.origin, { dispatcher, signal: controller.signal });
    expect(await codeOf(request(stage.origin, { dispatcher }))).toBe('ERR_BULKHEAD_FULL');
    await expect.poll(() => stage.seen.length).toBe(1);
    controller.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    expect(bulkhead.snapshot().waiting).toBe(0);
    stage.server.closeAllConnections();
    expect(await codeOf(first)).toBe('UND_ERR_SOCKET');
  });
});

describe('what is not intercepted, or by others too', () => {
  it('connections that are asked for pass by', async () => {
    const meter = new Meter();
    stage.server.on('upgrade', (_, socket: Socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello');
    });
    stage.server.on('connect', (incoming, socket: Socket) => {
      const [host, port] = incoming.url!.split(':');
      const beyond = connectTcp(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        beyond.pipe(socket).pipe(beyond);
      });
    });
    const dispatcher = stage.through({ policy: meter, once: meter });
    const upgraded = await dispatcher.upgrade({ origin: stage.origin, path: '/', protocol: 'echo' } as never);
    expect(String((await upgraded.socket.toArray())[0])).toBe('hello');
    const connected = await dispatcher.connect({ origin: stage.origin, path: new URL(stage.origin).host });
    connected.socket.end('GET /beyond HTTP/1.0\r\n\r\n');
    expect(String((await connected.socket.toArray()).join(''))).toContain('200');
    expect([meter.snapshot().calls, stage.seen]).toEqual([0, ['GET /beyond']]);
  });

  it('redirects inside are a part of an attempt, outside each is a request', async () => {
    stage.answer = (incoming, response, count) => {
      if (incoming.url === '/old') return status(302, { location: '/new' })(incoming, response, count);
      status(count < 3 ? 503 : 200)(incoming, response, count);
    };
    const follow = interceptors.redirect({ maxRedirections: 2 });
    const policy = undiciInterceptor({ policy: retry() });
    const inside = stage.agent().compose(follow).compose(policy);
    const { statusCode, context } = await request(`${stage.origin}/old`, { dispatcher: inside });
    expect(statusCode).toBe(200);
    expect(stage.seen).toEqual(['GET /old', 'GET /new', 'GET /old', 'GET /new']);
    expect((context as { history: URL[] }).history.map(({ pathname }) => pathname)).toContain('/new');
    stage.seen.length = 0;
    const outside = stage.agent().compose(policy).compose(follow);
    expect((await request(`${stage.origin}/old`, { dispatcher: outside })).statusCode).toBe(200);
    expect(stage.seen).toEqual(['GET /old', 'GET /new', 'GET /new']);
  });

  it('an answer that a mock gives all at once is judged and handed on whole', async () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    const pool = agent.get('http://stock.test');
    pool.intercept({ path: '/' }).reply(503, 'busy').times(2);
    pool.intercept({ path: '/' }).reply(200, 'x'.repeat(300_000), { trailers: { sum: '7' } });
    const dispatcher = agent.compose(undiciInterceptor({ policy: retry(), until: 'head' }));
    const { body, trailers } = await request('http://stock.test/', { dispatcher });
    expect([(await body.text()).length, trailers]).toEqual([300_000, { sum: '7' }]);
    await agent.close();
  });
});

describe('what goes wrong around a request', () => {
  it('an answer that is not of undici is refused', async () => {
    const own: Policy = { execute: async () => 'something else' as never };
    const asked = request(stage.origin, { dispatcher: stage.through({ policy: own as never }) });
    await expect(asked).rejects.toThrow('undiciInterceptor: `policy` must answer what it was handed');
  });

  it('a policy that runs its operation when all is over gets an error, and nothing is sent', async () => {
    let late: () => unknown = () => {};
    const own: Policy = {
      execute: operation => {
        late = () => operation(undefined as never);
        return Promise.reject(new Error('refused'));
      },
    };
    const asked = request(stage.origin, { dispatcher: stage.through({ policy: own }) });
    await expect(asked).rejects.toThrow('refused');
    expect(late).toThrow();
    expect(stage.seen).toEqual([]);
  });

  it('a handler that fails ends the request, and hears of it once', async () => {
    for (const code of [200, 503]) {
      stage.answer = status(code);
      const dispatcher = stage.through({ policy: new Meter() });
      const heard: unknown[] = [];
      const failure = new Error('cannot take it');
      await new Promise<void>(resolve => {
        dispatcher.dispatch(
          { origin: stage.origin, path: '/', method: 'GET' },
          {
            onRequestStart: () => {},
            onResponseStart: () => {
              throw failure;
            },
            onResponseData: () => heard.push('data'),
            onResponseEnd: () => heard.push('end'),
            onResponseError: (_, error) => {
              heard.push(error);
              resolve();
            },
          },
        );
      });
      await sleep(20);
      expect(heard).toEqual([failure]);
    }
  });

  it('options are refused by name, rule and value', () => {
    const make = (options: object) => () => undiciInterceptor(options as never);
    const policy = retry();
    expect(make({})).toThrow('undiciInterceptor: `policy` must be a policy, got undefined');
    expect(make({ policy, once: 7 })).toThrow('undiciInterceptor: `once` must be a policy, got 7');
    expect(make({ policy, until: 'later' })).toThrow("`until` must be 'end' or 'head', got \"later\"");
    expect(make({ policy, failing: 503 })).toThrow('`failing` must be a function, got 503');
    expect(make({ policy, deadlineHeader: '' })).toThrow('`deadlineHeader` must be the name of a field');
    expect(make({ policy, attempts: 3 })).toThrow('unknown option `attempts`');
    const cache = new Cache({ ttlMs: 1_000, key: () => 'one' } as never);
    expect(make({ policy: cache })).toThrow('`policy` must not share answers');
  });
});
