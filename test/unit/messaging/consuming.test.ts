import { describe, expect, it } from 'vitest';
import { createBus } from '../../../src/messaging/driver-bus.js';
import { InMemoryBroker } from '../../../src/messaging/in-memory-broker.js';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import { topic } from '../../../src/messaging/topic.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { ScriptedDriver } from '../../fixtures/scripted-driver.js';

const orders = topic<{ readonly n: number }>('orders');

const scene = () => {
  const clock = new VirtualClock();
  return { clock, bus: new InMemoryBus({ clock }) };
};

describe('a consumer', () => {
  it('ends a handler that takes too long, and keeps its place until it lets go', async () => {
    const { clock, bus } = scene();
    const gates: (() => void)[] = [];
    const reasons: unknown[] = [];
    const options = { group: 'g', timeoutMs: 1_000, failure: { redeliver: [0, 0] } };
    const sub = bus.subscribe(orders, options, async ({ data }, { signal }) => {
      signal.addEventListener('abort', () => reasons.push((signal.reason as { code: string }).code));
      if (gates.length === 0) await new Promise<void>(resolve => gates.push(resolve));
      gates.push(() => data);
    });
    await sub.ready;
    await bus.publish(orders, { n: 1 });
    await clock.advance(1_000);
    expect(reasons).toEqual(['ERR_TIMEOUT']);
    await clock.advance(5_000);
    // It was given back at once, and would run again: but the first run still does.
    expect(gates).toHaveLength(1);
    gates[0]!();
    await settle();
    expect(gates).toHaveLength(3);
    expect(sub.snapshot()).toMatchObject({ held: 0, running: 0 });
    await bus.close();
    expect(clock.timers).toBe(0);
  });

  it('hands its handler a context with the deadline, the keys and the message', async () => {
    const { clock, bus } = scene();
    const seen: unknown[] = [];
    await bus.subscribe(
      orders,
      { group: 'g', policy: new Timeout({ timeoutMs: 500, clock }) },
      (message, context) => {
        const { key, idempotencyKey, attempt, attributes } = context;
        seen.push(key, idempotencyKey, attempt, context.remainingMs(), attributes['message'] === message);
      },
    ).ready;
    await bus.publish(orders, { n: 1 }, { id: 'a', key: 'k' });
    await bus.publish(orders, { n: 2 }, { id: 'b', idempotencyKey: 'i' });
    await settle();
    expect(seen).toEqual(['k', 'a', 1, 500, true, undefined, 'i', 1, 500, true]);
    await bus.close();
  });

  it('runs again at once as often as it may, before it gives back', async () => {
    const { clock, bus } = scene();
    const runs: number[] = [];
    const failure = { immediate: 2, redeliver: [1_000] };
    await bus.subscribe(orders, { group: 'g', failure }, (_, { attempt }) => {
      runs.push(attempt);
      throw new Error('no');
    }).ready;
    await bus.publish(orders, { n: 1 });
    await settle();
    expect(runs).toEqual([1, 2]);
    await clock.advance(1_000);
    expect(runs).toEqual([1, 2, 3, 4]);
    await bus.close();
  });

  it.each([
    ['dead-letter', 1, ['deadLettered verdict']],
    ['discard', 0, ['discarded verdict']],
  ] as const)('does what the verdict says: %s', async (verdict, dead, told) => {
    const { bus } = scene();
    const events: string[] = [];
    const sub = bus.subscribe(orders, { group: 'g', failure: { classify: () => verdict } }, () => {
      throw new Error('no');
    });
    sub.on('deadLettered', ({ reason }) => events.push(`deadLettered ${reason}`));
    sub.on('discarded', ({ reason }) => events.push(`discarded ${reason}`));
    await sub.ready;
    await bus.publish(orders, { n: 1 });
    await settle();
    expect(await bus.deadLetters(orders, 'g').list()).toHaveLength(dead);
    expect(events).toEqual(told);
    await bus.close();
  });

  it('goes on when classify fails, and takes an odd answer for none', async () => {
    const { clock, bus } = scene();
    const answers: (() => unknown)[] = [
      () => {
        throw new Error('classify');
      },
      () => 'again',
    ];
    let runs = 0;
    const failure = { redeliver: [0, 0], classify: () => answers.shift()?.() as never };
    await bus.subscribe(orders, { group: 'g', failure }, () => {
      runs++;
      if (runs < 3) throw new Error('no');
    }).ready;
    await bus.publish(orders, { n: 1 });
    await clock.advance(10);
    expect(runs).toBe(3);
    await bus.close();
  });

  it('drops what fails where nobody keeps dead letters', async () => {
    const { bus } = scene();
    const events: string[] = [];
    const sub = bus.subscribe(orders, { group: null, failure: { redeliver: [] } }, () => {
      throw new Error('no');
    });
    sub.on('discarded', ({ reason }) => events.push(reason));
    await sub.ready;
    await bus.publish(orders, { n: 1 });
    await settle();
    expect(events).toEqual(['no-group']);
    await bus.close();
  });

  it('makes a dead letter of what was delivered too often without an end', async () => {
    const { clock, bus } = scene();
    let runs = 0;
    // A process that hangs: nobody extends its lease, and nobody settles.
    const hang = new ScriptedDriver(clock);
    const crashing = createBus(hang, { clock });
    const options = { group: 'g', failure: { redeliver: [0] }, leaseMs: 1_000 };
    const held: unknown[] = [];
    const spec = {
      pattern: 'orders',
      group: 'g',
      start: 'latest',
      order: 'none',
      topology: 'ensure',
    } as const;
    const raw = await hang.subscribe(
      { ...spec, leaseMs: 1_000 },
      { deliver: delivery => void held.push(delivery), ready() {}, lost() {} },
    );
    raw.request(2);
    await crashing.publish(orders, { n: 1 });
    await clock.advance(1_000);
    expect(held).toHaveLength(2);
    await raw.close();
    const sub = crashing.subscribe(orders, options, () => void runs++);
    await sub.ready;
    await settle();
    expect(runs).toBe(0);
    expect(await crashing.deadLetters(orders, 'g').list()).toMatchObject([
      { reason: 'exhausted', attempts: 3 },
    ]);
    await crashing.close();
    await bus.close();
  });

  it('aborts a handler whose message was given to another one, and settles nothing', async () => {
    const clock = new VirtualClock();
    const broker = new InMemoryBroker({ clock });
    const driver = new ScriptedDriver(clock, broker);
    const cut = createBus(driver, { clock });
    const ends: unknown[] = [];
    const unsettled: unknown[] = [];
    const options = { group: 'g', leaseMs: 1_000 };
    const sub = cut.subscribe(orders, options, (_, { signal }) => {
      return new Promise(resolve =>
        signal.addEventListener('abort', () => resolve(ends.push(signal.reason))),
      );
    });
    sub.on('unsettled', event => unsettled.push(event));
    await sub.ready;
    await cut.publish(orders, { n: 1 });
    await settle();
    driver.down = true;
    sub.pause();
    const bus = new InMemoryBus({ broker });
    const seen: number[] = [];
    const second = bus.subscribe(orders, options, ({ attempt }) => void seen.push(attempt));
    await second.ready;
    await clock.advance(1_000);
    driver.down = false;
    expect(ends).toEqual([]);
    await clock.advance(400);
    expect(ends).toMatchObject([{ code: 'ERR_LEASE_LOST' }]);
    expect([seen, unsettled, sub.snapshot().held]).toEqual([[2], [], 0]);
    await bus.close();
    await cut.close();
  });

  it('becomes ready once the broker is there, and closes before that too', async () => {
    const clock = new VirtualClock();
    const driver = new ScriptedDriver(clock);
    driver.down = true;
    const bus = createBus(driver, { clock });
    const seen: number[] = [];
    const sub = bus.subscribe(orders, { group: 'g' }, ({ data }) => void seen.push(data.n));
    const lost: unknown[] = [];
    sub.on('lost', ({ error }) => lost.push((error as Error).message));
    await clock.advance(1_000);
    expect(sub.snapshot().state).toBe('connecting');
    expect(lost.length).toBeGreaterThan(1);
    const other = bus.subscribe(orders, { group: 'h' }, () => {});
    await other.close();
    await expect(other.ready).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
    driver.down = false;
    await clock.advance(10_000);
    await sub.ready;
    await bus.publish(orders, { n: 1 });
    await settle();
    expect(seen).toEqual([1]);
    await bus.close();
    expect(clock.timers).toBe(0);
  });

  it('refuses a group whose members disagree, and says so once', async () => {
    const { bus } = scene();
    await bus.subscribe(orders, { group: 'g' }, () => {}).ready;
    const other = bus.subscribe(orders, { group: 'g', order: 'key' }, () => {});
    await expect(other.ready).rejects.toMatchObject({ code: 'ERR_TOPOLOGY' });
    expect(other.snapshot().state).toBe('closed');
    const absent = bus.subscribe(orders, { group: 'nobody', topology: 'check' }, () => {});
    await expect(absent.ready).rejects.toThrow('memory: there is no group nobody of orders');
    await bus.close();
  });

  it('begins with what was published before, where it is asked to', async () => {
    const { bus } = scene();
    for (const n of [1, 2]) await bus.publish(orders, { n });
    const seen: number[] = [];
    await bus.subscribe(orders, { group: 'g', start: 'earliest' }, ({ data }) => void seen.push(data.n))
      .ready;
    await settle();
    expect(seen).toEqual([1, 2]);
    await bus.close();
  });

  it('counts no delivery of what it gives back untouched when it drains', async () => {
    const { clock, bus } = scene();
    const options = { group: 'g', failure: { redeliver: [0] } };
    const first = bus.subscribe(orders, { ...options, prefetch: 2 }, () => new Promise(() => {}));
    await first.ready;
    for (const n of [1, 2]) await bus.publish(orders, { n });
    const draining = first.drain({ timeoutMs: 10 });
    await clock.advance(10);
    expect(await draining).toEqual({ finished: 0, released: 2 });
    const seen: number[][] = [];
    const later = bus.subscribe(orders, options, ({ data, attempt }) => void seen.push([data.n, attempt]));
    await later.ready;
    await clock.advance(10);
    // The first one's handler had begun; nobody had looked at the second one.
    expect(seen).toEqual([
      [1, 2],
      [2, 1],
    ]);
    await bus.close();
  });
});
