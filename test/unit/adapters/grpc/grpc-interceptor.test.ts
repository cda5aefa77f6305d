import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { grpcInterceptor } from '../../../../src/adapters/grpc/grpc-interceptor.js';
import { grpcRetryVerdict, grpcVerdict } from '../../../../src/adapters/grpc/grpc-verdict.js';
import { pipeline } from '../../../../src/kernel/pipeline.js';
import type { Policy } from '../../../../src/kernel/policy.js';
import { Meter } from '../../../../src/observe/meter.js';
import { Bulkhead } from '../../../../src/resilience/bulkhead.js';
import { Cache } from '../../../../src/resilience/cache.js';
import { CircuitBreaker } from '../../../../src/resilience/circuit-breaker.js';
import { Hedge } from '../../../../src/resilience/hedge.js';
import { keyed } from '../../../../src/resilience/keyed.js';
import { RateLimiter } from '../../../../src/resilience/rate-limiter.js';
import { Retry } from '../../../../src/resilience/retry.js';
import { Timeout } from '../../../../src/resilience/timeout.js';
import { ask, codeOf, failing, type ServedCall, stockOfEach } from './stock-service.js';

const stage = stockOfEach();
const repeatable = () => true;
const retry = () =>
  new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 1 }, classify: grpcRetryVerdict });
const breaker = () => new CircuitBreaker({ consecutiveFailures: 1, classify: grpcVerdict });
const through = (policy: Policy, rest: object = {}) =>
  stage.client([grpcInterceptor({ policy, repeatable, ...rest })]);
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: ServiceError & { cause?: { code?: string; message: string } }) => error,
  );

describe('calls with one request and one answer', () => {
  it('are made again when the server may do better, and answered as ever', async () => {
    stage.serve['count'] = failing(2, status.UNAVAILABLE);
    const client = through(retry());
    expect(await ask(client, { sku: 'tea' })).toEqual({ answer: { sku: 'tea' } });
    expect(stage.seen.map(metadata => metadata.get('grpc-previous-rpc-attempts'))).toEqual([
      [],
      ['1'],
      ['2'],
    ]);
  });

  it('hand on their metadata, both ways, as if there were one attempt', async () => {
    const trailing = new Metadata();
    trailing.set('sum', '7');
    stage.serve['count'] = (call, reply) => {
      const leading = new Metadata();
      leading.set('for', call.metadata.get('who')[0]!);
      call.sendMetadata(leading);
      if (stage.seen.length < 2) reply({ code: status.UNAVAILABLE, details: '' });
      else reply(null, call.request, trailing);
    };
    const metadata = new Metadata();
    metadata.set('who', 'me');
    const heard: unknown[] = [];
    await new Promise<void>(resolve => {
      const call = through(retry()).count({}, metadata, () => {});
      call.on('metadata', (leading: Metadata) => heard.push(leading.get('for')));
      call.on('status', ({ code, metadata: last }: { code: number; metadata: Metadata }) => {
        heard.push(code, last.get('sum'));
        resolve();
      });
    });
    expect(heard).toEqual([['me'], 0, ['7']]);
    // Of what the caller gave nothing has changed.
    expect(metadata.getMap()).toEqual({ who: 'me' });
  });

  it('fail with the last status of the server when attempts run out', async () => {
    const trailing = new Metadata();
    trailing.set('why', 'tired');
    stage.serve['count'] = failing(9, status.UNAVAILABLE, { metadata: trailing });
    const error = await errorOf(ask(through(retry()), {}));
    expect(error).toMatchObject({ code: 14, details: 'no 3' });
    expect(error!.metadata.get('why')).toEqual(['tired']);
    expect(stage.seen).toHaveLength(3);
  });

  it('are not made again, and count for nothing, when the server will not change its mind', async () => {
    const guard = breaker();
    const client = through(pipeline(retry(), guard));
    const answers = [3, 5, 6, 7, 9, 10, 11, 12, 16];
    for (const code of answers) {
      stage.serve['count'] = failing(1, code);
      expect(await codeOf(ask(client, {}))).toBe(status[code]);
    }
    expect([stage.seen.length, guard.state]).toEqual([answers.length, 'closed']);
  });

  it.each([2, 4, 8, 13, 14, 15])('count for the breaker when the server fails with %i', async code => {
    const guard = breaker();
    stage.serve['count'] = failing(1, code);
    expect(await codeOf(ask(through(guard), {}))).toBe(status[code]);
    expect(guard.state).toBe('open');
  });

  it('that may not happen twice run through `once`, but for those with a key', async () => {
    stage.serve['count'] = failing(99, status.UNAVAILABLE);
    const once = new Meter();
    const client = through(retry(), { once, repeatable: undefined });
    await codeOf(ask(client, {}));
    expect([stage.seen.length, once.snapshot().calls]).toEqual([1, 1]);
    const metadata = new Metadata();
    metadata.set('idempotency-key', 'order-7');
    await codeOf(ask(client, {}, metadata));
    expect([stage.seen.length, once.snapshot().calls]).toEqual([4, 1]);
    expect(stage.seen[3]!.get('idempotency-key')).toEqual(['order-7']);
  });

  it('wait for as long as the server asks, and not at all where it wants no more', async () => {
    const asked = new Metadata();
    asked.set('grpc-retry-pushback-ms', '300');
    stage.serve['count'] = failing(1, status.UNAVAILABLE, { metadata: asked });
    const began = performance.now();
    await ask(through(retry()), {});
    expect(performance.now() - began).toBeGreaterThan(290);
    asked.set('grpc-retry-pushback-ms', '-1');
    stage.serve['count'] = failing(1, status.UNAVAILABLE, { metadata: asked });
    expect(await codeOf(ask(through(retry()), {}))).toBe('UNAVAILABLE');
    expect(stage.seen).toHaveLength(3);
  });
});

describe('policies that refuse or give up', () => {
  it('are told of by a code of gRPC, with their own error as the cause', async () => {
    stage.serve['count'] = failing(99, status.UNAVAILABLE);
    const client = through(breaker());
    await codeOf(ask(client, {}));
    const error = await errorOf(ask(client, {}));
    expect(error).toMatchObject({ code: status.UNAVAILABLE, cause: { code: 'ERR_CIRCUIT_OPEN' } });
    expect(error!.details).toBe(error!.cause!.message);
    expect(error!.metadata).toBeInstanceOf(Metadata);
    const limiter = new RateLimiter({ limit: 1, perMs: 1_000_000 });
    const limited = through(limiter);
    await codeOf(ask(limited, {}));
    expect(await errorOf(ask(limited, {}))).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      cause: { code: 'ERR_RATE_LIMITED' },
    });
  });

  it('say so to interceptors further outside, which count it nowhere', async () => {
    stage.serve['count'] = failing(99, status.UNAVAILABLE);
    const outer = breaker();
    const inner = breaker();
    inner.isolate();
    const [a, b] = [outer, inner].map(policy => grpcInterceptor({ policy, repeatable }));
    expect(await codeOf(ask(stage.client([a!, b!]), {}))).toBe('UNAVAILABLE');
    expect([outer.state, stage.seen.length]).toEqual(['closed', 0]);
  });

  it('of a timeout end the call at the server', async () => {
    let served: ServedCall | undefined;
    stage.serve['count'] = call => {
      served = call;
    };
    const error = await errorOf(ask(through(new Timeout({ timeoutMs: 60 })), {}));
    expect(error!.code).toBe(status.DEADLINE_EXCEEDED);
    await expect.poll(() => served!.cancelled).toBe(true);
  });

  it('tell the server of their deadline', async () => {
    let deadline: unknown;
    stage.serve['count'] = (call, reply) => {
      deadline = call.getDeadline();
      reply(null, {});
    };
    await ask(through(new Timeout({ timeoutMs: 5_000 })), {});
    const leftMs = Number(deadline) - Date.now();
    expect([leftMs > 4_000, leftMs <= 5_000]).toEqual([true, true]);
  });

  it('take over the deadline of the caller: a wait that would be longer does not begin', async () => {
    stage.serve['count'] = failing(9, status.UNAVAILABLE);
    const slow = new Retry({ backoff: { kind: 'constant', delayMs: 60_000 }, classify: grpcVerdict });
    for (const deadline of [new Date(Date.now() + 3_000), Date.now() + 3_000]) {
      expect(await codeOf(ask(through(slow), {}, { deadline }))).toBe('UNAVAILABLE');
    }
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    const client = through(bulkhead);
    stage.serve['count'] = () => {};
    const first = codeOf(ask(client, {}));
    expect(await codeOf(ask(client, {}, { deadline: Date.now() + 80 }))).toBe('DEADLINE_EXCEEDED');
    stage.server.forceShutdown();
    expect(await first).toBe('CANCELLED');
  });

  it('know the method as the key', async () => {
    stage.serve['count'] = failing(0, 0);
    const breakers = keyed(() => breaker(), { maxKeys: 10 });
    await ask(through(breakers), {});
    expect(breakers.get('/stock.Stock/Count')).toBeInstanceOf(CircuitBreaker);
  });

  it('hedge: the first answer counts, the other call is cancelled', async () => {
    const served: ServedCall[] = [];
    stage.serve['count'] = (call, reply) => {
      if (served.push(call) === 2) reply(null, { of: 2 });
    };
    const hedge = new Hedge({ delayMs: 30, idempotent: true });
    expect(await ask(through(hedge), {})).toEqual({ of: 2 });
    await expect.poll(() => served[0]!.cancelled).toBe(true);
  });

  it('count nothing of what could not be sent', async () => {
    const guard = breaker();
    const client = through(pipeline(retry(), guard));
    expect(await codeOf(ask(client, 1n))).toBe('INTERNAL');
    const small = stage.client([grpcInterceptor({ policy: guard, repeatable })], {
      'grpc.max_send_message_length': 4,
    });
    expect(await codeOf(ask(small, 'larger than four'))).toBe('RESOURCE_EXHAUSTED');
    expect(guard.state).toBe('closed');
  });
});

describe('an interceptor of gRPC', () => {
  it('refuses options by name, rule and value', () => {
    const make = (options: object) => () => grpcInterceptor(options as never);
    const policy = retry();
    expect(make({})).toThrow('grpcInterceptor: `policy` must be a policy, got undefined');
    expect(make({ policy, streams: 7 })).toThrow('grpcInterceptor: `streams` must be a policy, got 7');
    expect(make({ policy, repeatable: ['Count'] })).toThrow('`repeatable` must be a function');
    expect(make({ policy, attempts: 3 })).toThrow('unknown option `attempts`');
    expect(make({ policy: new Cache({ ttlMs: 1, key: () => '' } as never) })).toThrow(
      'must not share answers',
    );
  });

  it('refuses what a policy has from somewhere else', async () => {
    const own: Policy = { execute: async () => 'something else' as never };
    const error = await errorOf(ask(through(own), {}));
    expect(error).toMatchObject({ code: status.UNKNOWN, cause: { name: 'TypeError' } });
  });
});
