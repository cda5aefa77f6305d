import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ClientReadableStream,
  InterceptingCall,
  type Interceptor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { grpcInterceptor } from '../../../../src/adapters/grpc/grpc-interceptor.js';
import { grpcRetryVerdict, grpcVerdict } from '../../../../src/adapters/grpc/grpc-verdict.js';
import { pipeline } from '../../../../src/kernel/pipeline.js';
import type { Policy } from '../../../../src/kernel/policy.js';
import { Meter } from '../../../../src/observe/meter.js';
import { Bulkhead } from '../../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../../src/resilience/circuit-breaker.js';
import { Retry } from '../../../../src/resilience/retry.js';
import { Timeout } from '../../../../src/resilience/timeout.js';
import { ask, type ServedCall, stockOfEach } from './stock-service.js';

const stage = stockOfEach();
const retry = () =>
  new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 1 }, classify: grpcRetryVerdict });
const breaker = () => new CircuitBreaker({ consecutiveFailures: 1, classify: grpcVerdict });
const through = (streams: Policy, rest: object = {}) =>
  stage.client([grpcInterceptor({ policy: pipeline(), streams, repeatable: () => true, ...rest })]);
const fail = (call: ServedCall, code: status) => call.emit('error', { code, details: 'broken' });

/** All that a stream yields, then the name of the code that it ended with. */
async function allOf(stream: ClientReadableStream<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  try {
    for await (const message of stream) all.push(message);
    return [...all, 'OK'];
  } catch (error) {
    return [...all, status[(error as ServiceError).code]];
  }
}

/** A call with a stream of requests, and what it is answered in the end. */
function adding(client: ReturnType<typeof through>) {
  let settle: (answer: unknown) => void = () => {};
  const answered = new Promise(resolve => {
    settle = resolve;
  });
  const call = client.add((error: ServiceError | null, answer: unknown) => {
    settle(error === null ? answer : status[error.code]);
  });
  return { call, answered };
}

describe('calls whose answers come as a stream', () => {
  it('are made again before the first of them, and handed on as ever', async () => {
    stage.serve['list'] = call => {
      if (stage.seen.length < 3) return fail(call, status.UNAVAILABLE);
      for (let i = 0; i < 3; i++) call.write({ i });
      return call.end();
    };
    expect(await allOf(through(retry()).list({}))).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }, 'OK']);
    expect(stage.seen[2]!.get('grpc-previous-rpc-attempts')).toEqual(['2']);
  });

  it('are not after it, which counts as a failure', async () => {
    stage.serve['list'] = call => {
      call.write({ i: 0 });
      setTimeout(() => fail(call, status.UNAVAILABLE), 20);
    };
    const guard = breaker();
    const client = through(pipeline(retry(), guard));
    expect(await allOf(client.list({}))).toEqual([{ i: 0 }, 'UNAVAILABLE']);
    expect([stage.seen.length, guard.state]).toEqual([1, 'open']);
    expect(await allOf(client.list({}))).toEqual(['UNAVAILABLE']);
    expect(stage.seen).toHaveLength(1);
  });

  it('nor where a method is not repeatable', async () => {
    stage.serve['list'] = call => fail(call, status.UNAVAILABLE);
    expect(await allOf(through(retry(), { repeatable: undefined }).list({}))).toEqual(['UNAVAILABLE']);
    expect(stage.seen).toHaveLength(1);
  });

  it('may be none at all', async () => {
    stage.serve['list'] = call => call.end();
    expect(await allOf(through(retry()).list({}))).toEqual(['OK']);
  });

  it('hold their slot until they end', async () => {
    let served: ServedCall | undefined;
    stage.serve['list'] = call => {
      served = call;
      call.write({ i: 0 });
    };
    const bulkhead = new Bulkhead({ slots: 1, queue: 0 });
    const client = through(bulkhead);
    const all = allOf(client.list({}));
    await expect.poll(() => stage.seen.length).toBe(1);
    expect(bulkhead.snapshot().taken).toBe(1);
    expect(await allOf(client.list({}))).toEqual(['RESOURCE_EXHAUSTED']);
    served!.end();
    expect(await all).toEqual([{ i: 0 }, 'OK']);
    await expect.poll(() => bulkhead.snapshot().taken).toBe(0);
  });

  it('are ended by a timeout, with what came before it', async () => {
    let served: ServedCall | undefined;
    stage.serve['list'] = call => {
      served = call;
      call.write({ i: 0 });
    };
    expect(await allOf(through(new Timeout({ timeoutMs: 150 })).list({}))).toEqual([
      { i: 0 },
      'DEADLINE_EXCEEDED',
    ]);
    await expect.poll(() => served!.cancelled).toBe(true);
  });

  it('wait for their reader', async () => {
    let sent = 0;
    const part = 'x'.repeat(60_000);
    stage.serve['list'] = async call => {
      while (sent < 300 && !call.cancelled) {
        sent++;
        if (!call.write(part)) await new Promise(resolve => call.once('drain', resolve));
      }
      call.end();
    };
    const stream = through(retry()).list({});
    await new Promise(resolve => stream.once('readable', resolve));
    await sleep(300);
    expect(sent).toBeLessThan(200);
    let all = 0;
    for await (const _ of stream) all++;
    expect(all).toBe(300);
  });

  it('are given up by their reader, which is no failure', async () => {
    let served: ServedCall | undefined;
    stage.serve['list'] = call => {
      served = call;
      call.write({ i: 0 });
    };
    const guard = breaker();
    const bulkhead = new Bulkhead({ slots: 1 });
    const stream = through(pipeline(guard, bulkhead)).list({});
    const all = allOf(stream);
    await expect.poll(() => stage.seen.length).toBe(1);
    await sleep(30);
    stream.cancel();
    expect(await all).toEqual([{ i: 0 }, 'CANCELLED']);
    await expect.poll(() => bulkhead.snapshot().taken).toBe(0);
    await expect.poll(() => served!.cancelled).toBe(true);
    expect(guard.state).toBe('closed');
  });
});

describe('calls whose requests come as a stream', () => {
  it('are sent as they come, once', async () => {
    stage.serve['add'] = (call, reply) => {
      const all: unknown[] = [];
      call.on('data', message => all.push(message));
      call.on('end', () => (stage.seen.length > 9 ? reply(null, all) : reply({ code: status.UNAVAILABLE })));
    };
    const guard = new Meter({ classify: grpcVerdict });
    const client = through(pipeline(retry(), guard));
    const { call, answered } = adding(client);
    for (let i = 0; i < 3; i++) call.write({ i });
    call.end();
    expect(await answered).toBe('UNAVAILABLE');
    expect([stage.seen.length, guard.snapshot().outcomes.failure]).toEqual([1, 1]);
  });

  it('wait in line without losing any', async () => {
    stage.serve['add'] = (call, reply) => {
      const all: unknown[] = [];
      call.on('data', message => all.push(message));
      call.on('end', () => reply(null, all));
    };
    const bulkhead = new Bulkhead({ slots: 1, queue: 1 });
    const client = through(bulkhead);
    const first = adding(client);
    const second = adding(client);
    for (let i = 0; i < 20; i++) second.call.write({ i });
    second.call.end();
    await sleep(30);
    expect(stage.seen).toHaveLength(1);
    first.call.end();
    expect(await first.answered).toEqual([]);
    expect(await second.answered).toEqual(Array.from({ length: 20 }, (_, i) => ({ i })));
  });

  it('leave nobody waiting who writes to a call that was refused', async () => {
    const guard = breaker();
    guard.isolate();
    const { call, answered } = adding(through(guard));
    const written: unknown[] = [];
    for (let i = 0; i < 3; i++) call.write({ i }, () => written.push(i));
    expect(await answered).toBe('UNAVAILABLE');
    await expect.poll(() => written).toEqual([0, 1, 2]);
    expect(stage.seen).toEqual([]);
  });

  it('go both ways', async () => {
    stage.serve['talk'] = call => {
      call.on('data', message => call.write({ heard: message }));
      call.on('end', () => call.end());
    };
    const talk = through(pipeline(retry(), breaker())).talk();
    const all = allOf(talk as never);
    for (let i = 0; i < 3; i++) talk.write(i);
    talk.end();
    expect(await all).toEqual([{ heard: 0 }, { heard: 1 }, { heard: 2 }, 'OK']);
  });

  it('pass by where there is no policy for streams', async () => {
    stage.serve['talk'] = call => call.end();
    const meter = new Meter();
    const talk = stage.client([grpcInterceptor({ policy: meter })]).talk();
    talk.end();
    expect(await allOf(talk as never)).toEqual(['OK']);
    expect(meter.snapshot().calls).toBe(0);
  });
});

it('stands among other interceptors, on either side', async () => {
  stage.serve['count'] = (call, reply) =>
    stage.seen.length < 2 ? reply({ code: status.UNAVAILABLE }) : reply(null, call.metadata.get('side'));
  const seen: string[] = [];
  const noting = (side: string): Interceptor => {
    return (options, next) =>
      new InterceptingCall(next(options), {
        start(metadata, listener, go) {
          metadata.add('side', side);
          seen.push(side);
          go(metadata, listener);
        },
      });
  };
  const ours = grpcInterceptor({ policy: retry(), repeatable: () => true });
  const client = stage.client([noting('outside'), ours, noting('inside')]);
  expect(await ask(client, {})).toEqual(['outside, inside']);
  expect(seen).toEqual(['outside', 'inside', 'inside']);
});
