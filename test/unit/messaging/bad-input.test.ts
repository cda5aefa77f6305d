import { describe, expect, it } from 'vitest';
import { createBus } from '../../../src/messaging/driver-bus.js';
import { InMemoryIdempotencyStore } from '../../../src/messaging/idempotency.js';
import { InMemoryBroker } from '../../../src/messaging/in-memory-broker.js';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import { topic } from '../../../src/messaging/topic.js';
import { parseTraceContext } from '../../../src/messaging/trace-context.js';

const orders = topic<object>('orders');
const trace = parseTraceContext({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` })!;
const bus = new InMemoryBus();
const odd = [Number.NaN, -1, Number.POSITIVE_INFINITY, 1.5, '1', null];
const subscribe = (options: object): unknown => bus.subscribe(orders, options as never, () => {});

describe('what is asked of a bus wrongly', () => {
  it.each(['concurrency', 'prefetch'])('refuses a %s that is no count', option => {
    for (const value of [...odd, 0]) {
      expect(() => subscribe({ group: 'g', [option]: value })).toThrow(
        `subscribe: \`${option}\` must be an integer`,
      );
    }
  });

  it.each([
    [{}, '`group` must be a name of A-Z a-z 0-9 _ -, or null, got undefined'],
    [{ group: 'a b' }, '`group` must be a name'],
    [{ group: 'g', concurrency: 4, prefetch: 3 }, '`prefetch` must be an integer >= 4'],
    [{ group: 'g', leaseMs: 1 }, '`leaseMs` must be a number >= 10'],
    [{ group: 'g', timeoutMs: 0 }, '`timeoutMs` must be a number > 0'],
    [{ group: 'g', order: 'all' }, "`order` must be 'none' or 'key' or 'topic', got \"all\""],
    [{ group: 'g', start: 'first' }, "`start` must be 'earliest' or 'latest'"],
    [{ group: 'g', topology: 'make' }, "`topology` must be 'ensure'"],
    [{ group: 'g', policy: {} }, '`policy` must be a policy, got an object'],
    [{ group: 'g', idempotency: {} }, '`idempotency` must be an IdempotencyStore'],
    [{ group: 'g', failure: { immediate: 0 } }, '`failure.immediate` must be an integer >= 1'],
    [{ group: 'g', failure: { redeliver: [-1] } }, '`failure.redeliver.0` must be a number >= 0'],
    [
      { group: 'g', failure: { redeliver: Array(101).fill(1) } },
      '`failure.redeliver` must be an array of at most 100',
    ],
    [{ group: 'g', failure: { classify: 'x' } }, '`failure.classify` must be a function'],
    [{ group: 'g', failure: { tries: 1 } }, 'unknown option `tries`'],
    [{ group: 'g', concurency: 1 }, 'unknown option `concurency`'],
  ])('refuses to subscribe with %o', (options, message) => {
    expect(() => subscribe(options)).toThrow(message);
  });

  it.each([
    [{ id: '' }, '`id` must be a text of 1 to 255 characters'],
    [{ key: 7 }, '`key` must be a text'],
    [{ delayMs: -1 }, '`delayMs` must be a number >= 0'],
    [{ ttlMs: 0 }, '`ttlMs` must be a number > 0'],
    [{ priority: 10 }, '`priority` must be an integer >= 0 <= 9, got 10'],
    [{ headers: [] }, '`headers` must be an object'],
    [{ headers: { Upper: 'x' } }, 'a header must be named a-z 0-9 -, got "Upper"'],
    [{ headers: { 'ce-id': 'x' } }, 'the header `ce-id` is written by the bus itself'],
    [{ trace: '00-x' }, '`trace` must be a trace context'],
    [{ trace: { ...trace, traceId: 'x' } }, '`trace` must be a trace context'],
    [{ trace: { ...trace, state: [['A', '1']] } }, '`trace` must be a trace context'],
    [{ headers: { traceparent: 'x' } }, 'the header `traceparent` is written by the bus itself'],
    [{ headers: { id: 'x' } }, 'the header `id` is written by the bus itself'],
    [{ headers: { a: 1 } }, 'the header `a` must be a text of at most 8192 characters, got 1'],
    [{ delay: 1 }, 'unknown option `delay`'],
  ])('refuses to publish with %o', async (options, message) => {
    await expect(bus.publish(orders, {}, options as never)).rejects.toThrow(message);
  });

  it('refuses more headers than a broker should carry', async () => {
    const headers = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`h${n}`, 'x']));
    await expect(bus.publish(orders, {}, { headers })).rejects.toThrow(
      '`headers` must be at most 64, got 65',
    );
  });

  it('refuses data that JSON would lose in silence', async () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    for (const data of [undefined, () => {}, 1n, circle]) {
      await expect(bus.publish(orders, data as never)).rejects.toMatchObject({ code: 'ERR_INVALID_MESSAGE' });
    }
  });

  it.each([
    ['publishTimeoutMs', 0],
    ['maxPublishing', 0],
    ['maxSubscriptions', 1.5],
    ['source', ''],
    ['codec', {}],
    ['publishPolicy', {}],
    ['broker', {}],
    ['clock', {}],
    ['bound', 1],
  ])('refuses a bus whose %s is %o', (option, value) => {
    expect(() => new InMemoryBus({ [option]: value })).toThrow(option);
  });

  it('refuses a broker and a store without bounds', () => {
    for (const value of odd) {
      expect(() => new InMemoryBroker({ maxBacklog: value as never })).toThrow('maxBacklog');
      expect(() => new InMemoryBroker({ retain: value as never })).toThrow('retain');
      expect(() => new InMemoryIdempotencyStore({ maxKeys: value as never })).toThrow('maxKeys');
    }
  });

  it('refuses what is no driver, no topic and no handler', () => {
    expect(() => createBus({} as never)).toThrow('createBus: `driver` must be a Driver');
    expect(() => bus.subscribe('a..b', { group: 'g' }, () => {})).toThrow('subscribe: `topic` must be');
    expect(() => bus.subscribe(orders, { group: 'g' }, 'x' as never)).toThrow('`handler` must be a function');
  });

  it('refuses more subscriptions than it may have', () => {
    const small = new InMemoryBus({ maxSubscriptions: 1 });
    small.subscribe(orders, { group: 'g' }, () => {});
    expect(() => small.subscribe(orders, { group: 'g' }, () => {})).toThrow('maxSubscriptions');
  });
});
