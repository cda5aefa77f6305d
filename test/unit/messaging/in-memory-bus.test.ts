import { describe, expect, it } from 'vitest';
import { InMemoryIdempotencyStore } from '../../../src/messaging/idempotency.js';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import { topic } from '../../../src/messaging/topic.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

interface Order {
  readonly id: string;
  readonly n: number;
}

const orders = topic<Order>('orders.placed', { key: order => order.id });

async function scene() {
  const clock = new VirtualClock();
  const bus = new InMemoryBus({ clock });
  return { clock, bus };
}

describe('InMemoryBus', () => {
  it('hands a message to each group once', async () => {
    const { bus } = await scene();
    const seen: string[] = [];
    for (const group of ['billing', 'shipping']) {
      for (const member of [1, 2]) {
        void member;
        await bus.subscribe(orders, { group }, ({ data }) => void seen.push(`${group} ${data.n}`)).ready;
      }
    }
    await bus.publish(orders, { id: 'a', n: 1 });
    await settle();
    expect(seen.sort()).toEqual(['billing 1', 'shipping 1']);
    await bus.close();
  });

  it('says of a subscription what it is: of a group, or of everything', async () => {
    const { bus } = await scene();
    const shared = bus.subscribe(orders, { group: 'billing', concurrency: 3, order: 'key' }, () => {});
    expect(shared.describe()).toEqual({
      ...{
        kind: 'subscription',
        name: 'orders.placed (billing)',
        pattern: 'orders.placed',
        group: 'billing',
      },
      ...{ delivery: 'group', concurrency: 3, prefetch: 6, order: 'key' },
    });
    const all = bus.subscribe('orders.*', { group: null }, () => {});
    expect(all.describe()).toMatchObject({ name: 'orders.* (fan-out)', group: null, delivery: 'fan-out' });
    await bus.close();
  });

  it('redelivers what failed after the delay that is due, and then makes it a dead letter', async () => {
    const { bus, clock } = await scene();
    const attempts: number[] = [];
    const failure = { redeliver: [1_000, 5_000] };
    const billing = bus.subscribe(orders, { group: 'billing', failure }, (message, context) => {
      attempts.push(message.attempt);
      expect(context.attempt).toBe(message.attempt);
      throw new Error('no');
    });
    await billing.ready;
    await bus.publish(orders, { id: 'a', n: 1 }, { headers: { tenant: 't1' } });
    await settle();
    expect(attempts).toEqual([1]);
    await clock.advance(999);
    expect(attempts).toEqual([1]);
    await clock.advance(1);
    expect(attempts).toEqual([1, 2]);
    await clock.advance(5_000);
    expect(attempts).toEqual([1, 2, 3]);
    const [dead, ...others] = await bus.deadLetters(orders, 'billing').list();
    expect(others).toEqual([]);
    expect(dead).toMatchObject({
      data: { id: 'a', n: 1 },
      reason: 'exhausted',
      attempts: 3,
      error: { name: 'Error', message: 'no' },
    });
    expect(dead!.message).toMatchObject({ key: 'a', headers: { tenant: 't1' }, replays: 0 });
    await dead!.replay();
    await settle();
    expect(attempts).toEqual([1, 2, 3, 1]);
    expect(await bus.deadLetters(orders, 'billing').list()).toEqual([]);
    await bus.close();
    expect(clock.timers).toBe(0);
  });

  it('keeps the order of a key through a redelivery, while other keys go on', async () => {
    const { bus, clock } = await scene();
    const seen: string[] = [];
    let failures = 1;
    const sub = bus.subscribe(
      orders,
      { group: 'g', order: 'key', concurrency: 8, failure: { redeliver: [1_000] } },
      ({ data }) => {
        if (data.id === 'a' && failures-- > 0) throw new Error('once');
        seen.push(`${data.id}${data.n}`);
      },
    );
    await sub.ready;
    for (const n of [1, 2]) for (const id of ['a', 'b']) await bus.publish(orders, { id, n });
    await settle();
    expect(seen).toEqual(['b1', 'b2']);
    await clock.advance(1_000);
    expect(seen).toEqual(['b1', 'b2', 'a1', 'a2']);
    await bus.close();
  });

  it('takes nothing in while the breaker of its policy is open, and burns no attempt', async () => {
    const { bus, clock } = await scene();
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, openMs: 10_000, clock });
    const seen: number[] = [];
    const told: string[] = [];
    let sick = true;
    const sub = bus.subscribe(
      orders,
      { group: 'g', policy: breaker, failure: { redeliver: [100, 100] } },
      ({ attempt, data }) => {
        if (sick) throw new Error('sick');
        seen.push(data.n, attempt);
      },
    );
    sub.on('paused', ({ forMs }) => told.push(`paused ${forMs}`));
    sub.on('resumed', () => told.push('resumed'));
    await sub.ready;
    await bus.publish(orders, { id: 'a', n: 1 });
    await bus.publish(orders, { id: 'b', n: 2 });
    await settle();
    expect(breaker.state).toBe('open');
    expect(sub.snapshot().state).toBe('paused');
    sick = false;
    await clock.advance(9_999);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual([2, 1, 1, 2]);
    expect(told).toEqual(['paused 10000', 'resumed']);
    await bus.close();
  });

  it('answers requests, with what the other side threw too', async () => {
    const { bus, clock } = await scene();
    const quotes = topic<{ sku: string }>('quotes.get');
    bus.respond(quotes, { group: 'pricing' }, ({ data }) => {
      if (data.sku === 'none') throw new RangeError('no such thing');
      return { cents: 300 };
    });
    await expect(bus.request(quotes, { sku: 'tea' })).resolves.toEqual({ cents: 300 });
    await expect(bus.request(quotes, { sku: 'none' })).rejects.toMatchObject({
      code: 'ERR_REQUEST_FAILED',
      remoteName: 'RangeError',
      message: 'no such thing',
    });
    expect(bus.snapshot().requesting).toBe(0);
    await bus.close();
    expect(clock.timers).toBe(0);
  });

  it('publishes what it was given before it is closed, and what its handlers publish', async () => {
    const { bus, clock } = await scene();
    const first = bus.publish(orders, { id: 'a', n: 1 });
    const closing = bus.close();
    await expect(first).resolves.toMatchObject({ duplicate: false });
    await closing;
    await expect(bus.publish(orders, { id: 'b', n: 2 })).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
    expect(clock.timers).toBe(0);

    const other = new InMemoryBus({ clock });
    const told: unknown[] = [];
    const sub = other.subscribe(orders, { group: 'g' }, async ({ data }) => {
      await new Promise<void>(resolve => clock.schedule(50, () => resolve()));
      told.push(await other.publish(topic<{ n: number }>('orders.handled'), { n: data.n }));
    });
    await sub.ready;
    await other.publish(orders, { id: 'c', n: 3 });
    await settle();
    await clock.runUntil(other.close());
    expect(told).toEqual([expect.objectContaining({ duplicate: false })]);
    expect(clock.timers).toBe(0);
  });

  it('gives the answer to all who ask with the same id', async () => {
    const { bus, clock } = await scene();
    const quotes = topic<{ sku: string }>('quotes.get');
    bus.respond(quotes, { group: 'pricing' }, ({ data }) => ({ sku: data.sku }));
    const asked = ['tea', 'tea'].map(sku => bus.request(quotes, { sku }, { id: 'quote-1' }));
    await expect(Promise.all(asked)).resolves.toEqual([{ sku: 'tea' }, { sku: 'tea' }]);
    expect(bus.snapshot().requesting).toBe(0);
    const nobody = topic<{ sku: string }>('quotes.lost');
    const late = ['one', 'two'].map(sku => bus.request(nobody, { sku }, { id: 'quote-2' }).catch(String));
    await settle();
    expect(bus.snapshot().requesting).toBe(2);
    await bus.close();
    for (const answer of await Promise.all(late)) expect(answer).toContain('closed');
    expect(clock.timers).toBe(0);
  });

  it('handles what comes twice once', async () => {
    const { bus, clock } = await scene();
    const idempotency = new InMemoryIdempotencyStore({ clock });
    const seen: number[] = [];
    const sub = bus.subscribe(orders, { group: 'g', idempotency }, ({ data }) => void seen.push(data.n));
    await sub.ready;
    await bus.publish(orders, { id: 'a', n: 1 }, { idempotencyKey: 'k' });
    await bus.publish(orders, { id: 'a', n: 2 }, { idempotencyKey: 'k' });
    await settle();
    expect(seen).toEqual([1]);
    await bus.close();
  });

  it('gives back what has not begun when it drains, and lets the rest finish', async () => {
    const { bus, clock } = await scene();
    const seen: number[] = [];
    const gates: (() => void)[] = [];
    const one = bus.subscribe(orders, { group: 'g', prefetch: 3 }, async ({ data }) => {
      await new Promise<void>(resolve => gates.push(resolve));
      seen.push(data.n);
    });
    await one.ready;
    for (const n of [1, 2, 3]) await bus.publish(orders, { id: 'a', n });
    await settle();
    const drained = one.drain();
    await settle();
    gates[0]!();
    await expect(drained).resolves.toEqual({ finished: 1, released: 2 });
    const two = bus.subscribe(orders, { group: 'g' }, ({ data }) => void seen.push(data.n));
    await two.ready;
    await settle();
    expect(seen).toEqual([1, 2, 3]);
    await bus.close();
    expect(clock.timers).toBe(0);
  });
});

describe('a bus in memory that passes by reference', () => {
  const made = topic<{ n: number }>('made');

  it('hands over the very data, to all groups', async () => {
    await using bus = new InMemoryBus({ passByReference: true });
    const seen: unknown[] = [];
    for (const group of ['a', 'b']) await bus.subscribe(made, { group }, ({ data }) => seen.push(data)).ready;
    const data = { n: 1 };
    await bus.publish(made, data);
    await expect.poll(() => seen.length).toBe(2);
    expect(seen.every(each => each === data)).toBe(true);
  });

  it('makes a copy for each where it was not asked to', async () => {
    await using bus = new InMemoryBus();
    const seen: unknown[] = [];
    for (const group of ['a', 'b']) await bus.subscribe(made, { group }, ({ data }) => seen.push(data)).ready;
    const data = { n: 1 };
    const sent = bus.publish(made, data);
    data.n = 2;
    await sent;
    await expect.poll(() => seen).toEqual([{ n: 1 }, { n: 1 }]);
    expect(seen[0]).not.toBe(seen[1]);
  });

  it('keeps what no codec can write, as a dead letter that tells so when its body is asked for', async () => {
    await using bus = new InMemoryBus({ passByReference: true });
    const odd = topic<{ big: bigint }>('odd');
    const dead = bus.subscribe(odd, { group: 'g', failure: { redeliver: [] } }, () => {
      throw new Error('no');
    });
    await dead.ready;
    const died = new Promise(resolve => dead.on('deadLettered', resolve));
    await bus.publish(odd, { big: 1n });
    await died;
    const [letter] = await bus.deadLetters(odd, 'g').list();
    expect(() => letter!.body).toThrow(expect.objectContaining({ code: 'ERR_INVALID_MESSAGE' }));
  });

  it('refuses an option that is no boolean', () => {
    expect(() => new InMemoryBus({ passByReference: 1 } as never)).toThrow(
      'InMemoryBus: `passByReference` must be a boolean, got 1',
    );
  });
});
