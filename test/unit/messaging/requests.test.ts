import { describe, expect, it } from 'vitest';
import { TopologyError } from '../../../src/kernel/bus-errors.js';
import type { StandardSchema } from '../../../src/kernel/standard-schema.js';
import { createBus } from '../../../src/messaging/driver-bus.js';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import { topic } from '../../../src/messaging/topic.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { ScriptedDriver } from '../../fixtures/scripted-driver.js';

const quotes = topic<{ readonly sku: string }>('quotes.asked');

function scene() {
  const clock = new VirtualClock();
  const driver = new ScriptedDriver(clock);
  const bus = createBus(driver, { clock });
  return { clock, driver, bus };
}

/** What it has come to by now. */
const now = (promise: Promise<unknown>) =>
  Promise.race([promise, new Promise(resolve => setImmediate(resolve))]);
const outcome = (promise: Promise<unknown>) => promise.then(String, (error: unknown) => error);

describe('a request whose answers have no way back yet', () => {
  it('ends at its timeout, and is not sent later', async () => {
    const { clock, driver, bus } = scene();
    driver.down = true;
    const asked = outcome(bus.request(quotes, { sku: 'tea' }, { timeoutMs: 500 }));
    await clock.advance(500);
    expect(await now(asked)).toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 500 });
    expect(bus.snapshot().requesting).toBe(0);
    driver.down = false;
    await clock.advance(60_000);
    expect(driver.batches).toEqual([]);
    await bus.close();
  });

  it('ends when its caller gives up', async () => {
    const { clock, driver, bus } = scene();
    driver.down = true;
    const stop = new AbortController();
    const asked = outcome(bus.request(quotes, { sku: 'tea' }, { signal: stop.signal }));
    await clock.advance(10);
    const reason = new Error('enough');
    stop.abort(reason);
    await clock.advance(1);
    expect(await now(asked)).toBe(reason);
    await bus.close();
  });

  it('counts its time from when it was asked', async () => {
    const { clock, driver, bus } = scene();
    let remaining = 0;
    bus.respond(quotes, { group: 'g' }, (_, context) => {
      remaining = context.remainingMs();
    });
    await clock.advance(1);
    driver.down = true;
    const asked = bus.request(quotes, { sku: 'tea' }, { timeoutMs: 5_000 });
    await clock.advance(50);
    driver.down = false;
    await clock.advance(1_000);
    await asked;
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(4_950);
    await bus.close();
  });

  it('fails when that cannot become right, and the next one tries anew', async () => {
    const { clock, driver, bus } = scene();
    bus.respond(quotes, { group: 'g' }, () => 'fine');
    await clock.advance(1);
    const subscribe = driver.subscribe.bind(driver);
    driver.subscribe = () => Promise.reject(new TopologyError('no such exchange'));
    await expect(bus.request(quotes, { sku: 'tea' })).rejects.toMatchObject({ code: 'ERR_TOPOLOGY' });
    driver.subscribe = subscribe;
    const asked = bus.request(quotes, { sku: 'tea' });
    await clock.advance(10);
    expect(await asked).toBe('fine');
    await bus.close();
  });
});

describe('a request', () => {
  it('fails with what its schema throws', async () => {
    const bus = new InMemoryBus();
    bus.respond(quotes, { group: 'g' }, () => 'fine');
    const error = new Error('a mistake in the schema');
    const validate = () => {
      throw error;
    };
    const schema: StandardSchema = { '~standard': { version: 1, vendor: 'test', validate } };
    await expect(bus.request(quotes, { sku: 'tea' }, { schema, timeoutMs: 5_000 })).rejects.toBe(error);
    await bus.close();
  });

  it.each([0, -1, Number.NaN, '5'])('refuses a timeout of %s', async timeoutMs => {
    const bus = new InMemoryBus();
    const asked = bus.request(quotes, { sku: 'tea' }, { timeoutMs: timeoutMs as number });
    await expect(asked).rejects.toThrow('request: `timeoutMs` must be a number > 0');
    await bus.close();
  });
});
