import { describe, expect, it } from 'vitest';
import { BusClosedError } from '../../../src/kernel/bus-errors.js';
import type { PublishOutcome } from '../../../src/messaging/driver.js';
import { createBus } from '../../../src/messaging/driver-bus.js';
import { topic } from '../../../src/messaging/topic.js';
import { Retry } from '../../../src/resilience/retry.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { ScriptedDriver } from '../../fixtures/scripted-driver.js';

const orders = topic<{ readonly n: number }>('orders');

function scene(options: object = {}) {
  const clock = new VirtualClock();
  const driver = new ScriptedDriver(clock);
  const bus = createBus(driver, { clock, ...options });
  return { clock, driver, bus };
}

const refusal = (facts: { retryable: boolean; maybeStored: boolean }): PublishOutcome => ({
  ok: false,
  error: new Error('full'),
  ...facts,
});

const busy = refusal({ retryable: true, maybeStored: false });

describe('publishing', () => {
  it('sends what is published in one turn in one batch', async () => {
    const { bus, driver } = scene();
    await bus.connect();
    await Promise.all(['a', 'b', 'c'].map(id => bus.publish(orders, { n: 1 }, { id })));
    expect(driver.batches).toEqual([['a', 'b', 'c']]);
    await bus.close();
  });

  it('sends no more than 256 at a time', async () => {
    const { bus, driver } = scene();
    await bus.connect();
    await Promise.all(Array.from({ length: 600 }, (_, n) => bus.publish(orders, { n })));
    expect(driver.batches.map(batch => batch.length)).toEqual([256, 256, 88]);
    await bus.close();
  });

  it('sends again what the broker refused for the moment', async () => {
    const { bus, driver, clock } = scene();
    await bus.connect();
    driver.answers.push(
      async () => [busy],
      async () => [busy],
    );
    const sent = bus.publish(orders, { n: 1 }, { id: 'a' });
    await clock.advance(60);
    await expect(sent).resolves.toMatchObject({ id: 'a', duplicate: false });
    expect(driver.batches).toEqual([['a'], ['a'], ['a']]);
    await bus.close();
  });

  it.each([true, false])(
    'tells at once what cannot be mended, and whether it may be stored: %s',
    async maybeStored => {
      const { bus, driver } = scene();
      await bus.connect();
      driver.answers.push(async () => [refusal({ retryable: false, maybeStored })]);
      await expect(bus.publish(orders, { n: 1 })).rejects.toMatchObject({
        code: 'ERR_PUBLISH',
        maybeStored,
        retryable: false,
        message: 'memory: full',
      });
      await bus.close();
    },
  );

  it('fails at its deadline while the broker is down: it is surely not stored', async () => {
    const { bus, driver, clock } = scene({ publishTimeoutMs: 2_000 });
    driver.down = true;
    const sent = bus.publish(orders, { n: 1 });
    const failure = sent.catch((error: unknown) => error);
    await clock.advance(2_000);
    expect(await failure).toMatchObject({
      code: 'ERR_PUBLISH',
      maybeStored: false,
      retryable: true,
      message: 'memory: no answer of the broker within 2000 ms: connection refused',
    });
    expect(driver.connects).toBeGreaterThan(3);
    expect(driver.batches).toEqual([]);
    await bus.close();
    expect(clock.timers).toBe(0);
  });

  it('fails at its deadline when the broker says nothing: it may be stored', async () => {
    const { bus, driver, clock } = scene({ publishTimeoutMs: 2_000 });
    driver.answers.push(() => new Promise(() => {}));
    const failure = bus.publish(orders, { n: 1 }).catch((error: unknown) => error);
    await clock.advance(2_000);
    expect(await failure).toMatchObject({ code: 'ERR_PUBLISH', maybeStored: true });
    expect(bus.snapshot().publishing).toBe(0);
    await bus.close();
  });

  it('stores nothing any more that failed while the connection was made', async () => {
    const { bus, driver, clock } = scene({ publishTimeoutMs: 2_000 });
    let connected: (() => void) | undefined;
    driver.connect = () => new Promise(resolve => (connected = resolve));
    const early = bus.publish(orders, { n: 1 }, { id: 'early' }).catch((error: unknown) => error);
    await clock.advance(1_500);
    const late = bus.publish(orders, { n: 2 }, { id: 'late' });
    await clock.advance(500);
    expect(await early).toMatchObject({ code: 'ERR_PUBLISH', maybeStored: false });
    connected!();
    await expect(late).resolves.toMatchObject({ id: 'late' });
    expect(driver.batches).toEqual([['late']]);
    await bus.close();
  });

  it('gives each its own time, whenever the others of its batch are answered', async () => {
    const { bus, driver, clock } = scene({ publishTimeoutMs: 2_000 });
    await bus.connect();
    driver.answers.push(
      async () => [{ ok: true }, busy],
      () => new Promise(() => {}),
    );
    const [first, second] = ['a', 'b'].map(id => bus.publish(orders, { n: 1 }, { id }));
    await expect(first).resolves.toMatchObject({ id: 'a' });
    const failed = second!.catch((error: unknown) => error);
    await clock.advance(1_999);
    expect(bus.snapshot().publishing).toBe(1);
    await clock.advance(1);
    expect(await failed).toMatchObject({ code: 'ERR_PUBLISH', maybeStored: true });
    expect(driver.batches).toEqual([['a', 'b'], ['b']]);
    await bus.close();
  });

  it('remembers that it may be stored while it is sent again', async () => {
    const { bus, driver, clock } = scene({ publishTimeoutMs: 100 });
    await bus.connect();
    // A broker that knows ids again may be sent it twice.
    driver.answers.push(async () => [refusal({ retryable: true, maybeStored: true })]);
    driver.answers.push(...Array.from({ length: 9 }, () => async () => [busy]));
    const failure = bus.publish(orders, { n: 1 }).catch((error: unknown) => error);
    await clock.advance(100);
    expect(await failure).toMatchObject({ code: 'ERR_PUBLISH', maybeStored: true });
    await bus.close();
  });

  it('passes on that the way to the broker has ended, as no fault of the message', async () => {
    const { bus, driver, clock } = scene();
    const over = new BusClosedError('the connection is closed');
    const outcome = (maybeStored: boolean, retryable = false) => ({
      ok: false,
      error: over,
      retryable,
      maybeStored,
    });
    driver.answers.push(async () => [outcome(false)] as const);
    await expect(bus.publish(orders, { n: 1 })).rejects.toBe(over);
    // Nobody knows it of one that was sent before.
    driver.answers.push(async () => [outcome(true)] as const);
    const open = bus.publish(orders, { n: 2 });
    await expect(open).rejects.toMatchObject({ code: 'ERR_PUBLISH', maybeStored: true, cause: over });
    driver.answers.push(async () => Promise.reject(over));
    await expect(bus.publish(orders, { n: 3 })).rejects.toBe(over);
    const other = scene();
    other.driver.connect = () => Promise.reject(over);
    // At once, not at its deadline.
    await expect(other.bus.publish(orders, { n: 4 })).rejects.toBe(over);
    expect(clock.now()).toBe(0);
  });

  it('publishes once the broker is back', async () => {
    const { bus, driver, clock } = scene();
    driver.down = true;
    const sent = bus.publish(orders, { n: 1 });
    await clock.advance(500);
    driver.down = false;
    await clock.advance(1_000);
    await expect(sent).resolves.toMatchObject({ duplicate: false });
    await bus.close();
  });

  it('keeps no more than maxPublishing waiting', async () => {
    const { bus, driver } = scene({ maxPublishing: 2 });
    driver.answers.push(() => new Promise(() => {}));
    const sent = [1, 2, 3].map(n => bus.publish(orders, { n }).catch((error: unknown) => error));
    expect(await sent[2]).toMatchObject({ code: 'ERR_PUBLISH', maybeStored: false, retryable: true });
    expect(bus.snapshot().publishing).toBe(2);
  });

  it('says what came of each, also when the driver says too little', async () => {
    const { bus, driver } = scene();
    await bus.connect();
    driver.answers.push(async () => [{ ok: true, position: '7' }]);
    const [one, two] = await bus.publishAll(orders, [{ n: 1 }, { n: 2 }]);
    expect(one).toMatchObject({ ok: true, position: '7' });
    expect(two).toMatchObject({ ok: false, error: { code: 'ERR_PUBLISH', maybeStored: true } });
    await bus.close();
  });

  it('goes through the policy that it was given', async () => {
    const clock = new VirtualClock();
    const { bus, driver } = scene({
      publishPolicy: new Retry({ attempts: 2, clock }),
    });
    await bus.connect();
    driver.answers.push(async () => [refusal({ retryable: false, maybeStored: false })]);
    const sent = bus.publish(orders, { n: 1 });
    await clock.advance(10_000);
    await expect(sent).resolves.toMatchObject({ duplicate: false });
    expect(driver.batches).toHaveLength(2);
    await bus.close();
  });

  it('tells what was published and what was not', async () => {
    const { bus, driver } = scene();
    const told: object[] = [];
    bus.on('published', ({ id, topic }) => told.push({ id, topic }));
    bus.on('publishFailed', ({ id, error }) => told.push({ id, code: (error as { code: string }).code }));
    await bus.publish(orders, { n: 1 }, { id: 'a' });
    driver.answers.push(async () => [refusal({ retryable: false, maybeStored: false })]);
    await bus.publish(orders, { n: 2 }, { id: 'b' }).catch(() => {});
    expect(told).toEqual([
      { id: 'a', topic: 'orders' },
      { id: 'b', code: 'ERR_PUBLISH' },
    ]);
    await bus.close();
  });

  it('waits, when it closes, for what is under way', async () => {
    const { bus, driver } = scene();
    await bus.connect();
    let confirm!: (outcomes: readonly PublishOutcome[]) => void;
    driver.answers.push(() => new Promise(resolve => (confirm = resolve)));
    const sent = bus.publish(orders, { n: 1 });
    await settle();
    let closed = false;
    const closing = bus.close().then(() => (closed = true));
    await settle();
    expect(closed).toBe(false);
    await expect(bus.publish(orders, { n: 2 })).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
    confirm([{ ok: true }]);
    await closing;
    await expect(sent).resolves.toMatchObject({ position: undefined });
  });
});
