import { describe, expect, it } from 'vitest';
import type { OutboxRelay } from '../../../src/data/outbox-relay.js';
import type { OutboxRelayEvents } from '../../../src/data/relay-options.js';
import { PublishError } from '../../../src/kernel/bus-errors.js';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import { placed, relayScene, type Sent } from './relay-scene.js';

const away = () => {
  throw new PublishError('nobody there', { maybeStored: true, retryable: true });
};
const idOf = ({ data }: Sent): string => (data as { id: string }).id;

/** What a relay tells, in short. */
function heard(relay: OutboxRelay, ...names: readonly (keyof OutboxRelayEvents)[]): string[] {
  const told: string[] = [];
  for (const name of names) {
    relay.on(name, event => {
      const { key, reason, verdict, buckets, relays } = event as unknown as Record<string, unknown>;
      const parts = [name, key, reason, verdict, buckets, relays];
      told.push(parts.filter(part => part !== undefined).join(' '));
    });
  }
  return told;
}

describe('an outbox relay', () => {
  it('publishes at once what was committed while it runs, and what was there before', async () => {
    const { relay, publish, through, store, clock } = relayScene();
    await publish('a.1', 'b.1');
    const one = relay();
    await one.start();
    await publish('a.2');
    await clock.advance(1);
    await one.close();
    expect(through).toEqual(['a.1', 'b.1', 'a.2']);
    expect(store.size).toBe(0);
    expect(one.snapshot()).toMatchObject({ state: 'closed', published: 3, failed: 0, open: 0 });
  });

  it('hands over all that was said of a message', async () => {
    const { relay, store, outbox, sent, clock } = relayScene();
    const trace = {
      traceId: '1'.repeat(32),
      parentId: '2'.repeat(16),
      sampled: true,
      random: true,
      state: [],
    };
    const causedBy = { id: 'm-0', correlationId: 'c-0', trace };
    const facts = { id: 'm-1', key: 'k', headers: { 'x-a': 'b' }, idempotencyKey: 'i', correlationId: 'c' };
    await store.transaction(async tx => {
      await outbox.publish(tx, { topic: placed, data: { id: 'a', n: 1 }, ...facts, causedBy, trace });
      const more = { ...causedBy, data: 'not kept', attempt: 3 };
      await outbox.publish(tx, { topic: placed, data: { id: 'k', n: 2 }, id: 'm-2', causedBy: more });
    });
    const one = relay();
    await one.start();
    await clock.advance(1);
    await one.close();
    expect(sent).toEqual([
      { topic: 'orders.placed', data: { id: 'a', n: 1 }, facts: { ...facts, causedBy, trace } },
      { topic: 'orders.placed', data: { id: 'k', n: 2 }, facts: { id: 'm-2', key: 'k', causedBy } },
    ]);
  });

  it('reaches the handlers of any bus, with key, correlation, trace and id', async () => {
    const { relay, store, outbox, clock } = relayScene();
    const bus = new InMemoryBus({ clock });
    const got: unknown[] = [];
    await bus.subscribe(
      placed,
      { group: 'billing' },
      ({ id, key, data, correlationId, causationId, version }) => {
        got.push({ id, key, data, correlationId, causationId, version });
      },
    ).ready;
    const causedBy = { id: 'm-0', correlationId: 'c-0' };
    const data = { id: 'a', n: 1 };
    const { id } = await store.transaction(tx => outbox.publish(tx, { topic: placed, data, causedBy }));
    const one = relay({ bus });
    await one.start();
    await clock.advance(10);
    expect(got).toEqual([{ id, key: 'a', data, correlationId: 'c-0', causationId: 'm-0', version: 1 }]);
    await one.close();
    await bus.close();
  });

  it('publishes those of a key one after the other, and those of others beside them', async () => {
    const waiting: (() => void)[] = [];
    const { relay, publish, sent, through, clock } = relayScene(
      ({ data }) => (data as { id: string }).id === 'a' && new Promise<void>(done => waiting.push(done)),
    );
    const one = relay();
    await one.start();
    await publish('a.1', 'a.2', 'b.1', 'b.2');
    await publish('a.3');
    await clock.advance(2_000);
    expect(through).toEqual(['b.1', 'b.2']);
    expect(sent).toHaveLength(3);
    while (through.length < 5) {
      waiting.shift()?.();
      await clock.advance(1_000);
    }
    expect(through.slice(2)).toEqual(['a.1', 'a.2', 'a.3']);
    await one.close();
  });

  it('counts no tries against a bus that takes nothing, and goes on when it does again', async () => {
    let down = true;
    const { relay, publish, through, sent, outbox, clock } = relayScene(() => down && away());
    const one = relay({ attempts: 2, pauseMs: 100 });
    const told = heard(one, 'parked');
    await one.start();
    await publish(...Array.from({ length: 30 }, (_, n) => `${'abcdef'[n % 6]}.${n}`));
    await clock.advance(600_000);
    expect(through).toEqual([]);
    expect(one.snapshot()).toMatchObject({ paused: true, parked: 0 });
    // Six at once, and then one at a time, seldom.
    expect(sent.length).toBeGreaterThan(15);
    expect(sent.length).toBeLessThan(60);
    down = false;
    await clock.advance(60_000);
    expect(through).toHaveLength(30);
    for (const key of 'abcdef') {
      const ns = through.filter(name => name.startsWith(key)).map(name => Number(name.slice(2)));
      expect(ns).toEqual([...ns].sort((a, b) => a - b));
    }
    expect(told).toEqual([]);
    expect((await outbox.lag()).messages).toBe(0);
    expect(one.snapshot().paused).toBe(false);
    await one.close();
  });

  it('goes on with the topics that a bus takes while it does not take another', async () => {
    const { relay, publish, through, sent, clock } = relayScene(one => idOf(one) === 'a' && away());
    const one = relay();
    await one.start();
    await publish('a.1');
    for (let n = 0; n < 100; n++) {
      await publish(`b.${n}`);
      await clock.advance(1_000);
    }
    expect(through).toHaveLength(100);
    expect(sent.filter(each => idOf(each) === 'a').length).toBeLessThan(20);
    await one.close();
  });

  it('tries again what fails, and parks its key and no other when that was often enough', async () => {
    let broken = true;
    const { relay, publish, through, outbox, clock } = relayScene(one => {
      if (broken && idOf(one) === 'a') throw new Error('no such queue');
    });
    const one = relay({ attempts: 3, retryMs: 1_000 });
    const told = heard(one, 'publishFailed', 'parked');
    await one.start();
    await publish('a.1', 'b.1', 'a.2');
    await clock.advance(500);
    expect(through).toEqual(['b.1']);
    await clock.advance(20_000);
    expect(told).toEqual(['publishFailed a failed', 'publishFailed a failed', 'parked a failed']);
    const [parked] = await outbox.parked();
    expect(parked).toMatchObject({ key: 'a', reason: 'failed', tries: 3, error: 'Error: no such queue' });
    await publish('a.3', 'b.2');
    await clock.advance(20_000);
    expect(through).toEqual(['b.1', 'b.2']);
    expect(await outbox.lag()).toMatchObject({ messages: 3, parked: 3, stuckMs: 0 });
    broken = false;
    expect(await outbox.retry('a')).toBe(true);
    expect(await outbox.retry('a')).toBe(false);
    await clock.advance(1_000);
    expect(through).toEqual(['b.1', 'b.2', 'a.1', 'a.2', 'a.3']);
    await one.close();
  });

  it('parks at once what no bus will ever take, and goes on without it when told to', async () => {
    const { relay, publish, through, sent, outbox, clock } = relayScene(({ data }) => {
      if ((data as { n: number }).n === 1) throw new TypeError('the topic is none');
    });
    const one = relay();
    const told = heard(one, 'publishFailed', 'parked');
    await one.start();
    await publish('a.1', 'a.2');
    await clock.advance(60_000);
    expect(sent).toHaveLength(1);
    expect(told).toEqual(['parked a refused']);
    expect(await outbox.discard('b', 'nobody wants it')).toBeUndefined();
    expect(await outbox.discard('a', 'nobody wants it')).toMatchObject({ key: 'a', topic: 'orders.placed' });
    await clock.advance(1_000);
    expect(through).toEqual(['a.2']);
    await one.close();
  });

  it('gives up a publish that has no answer, and does it again under the same id', async () => {
    let hangs = true;
    const { relay, publish, sent, through, clock } = relayScene(() => hangs && new Promise(() => {}));
    const one = relay({ publishTimeoutMs: 1_000 });
    await one.start();
    await publish('a.1');
    await clock.advance(500);
    hangs = false;
    await clock.advance(10_000);
    expect(through).toEqual(['a.1']);
    expect(new Set(sent.map(({ facts }) => facts.id)).size).toBe(1);
    expect(sent.length).toBe(2);
    await one.close();
  });

  it('shares buckets with relays that come, and takes back those of relays that go', async () => {
    const { relay, clock, publish, through } = relayScene();
    const relays = [relay(), relay(), relay()];
    const told = heard(relays[1]!, 'shared');
    for (const one of relays) await one.start();
    await clock.advance(60_000);
    expect(relays.map(one => one.snapshot().buckets).sort()).toEqual([20, 22, 22]);
    expect(told.at(-1)).toMatch(/^shared \d+ 3$/);
    await publish(...Array.from({ length: 200 }, (_, n) => `k${n}.1`));
    await clock.advance(1_000);
    expect(through).toHaveLength(200);
    expect(relays.every(one => one.snapshot().published > 20)).toBe(true);
    await relays[0]!.close();
    await relays[1]!.close();
    await clock.advance(60_000);
    expect(relays[2]!.snapshot()).toMatchObject({ buckets: 64, lost: 0 });
    await relays[2]!.close();
  });

  it('begins nothing near the end of a lease that it cannot renew', async () => {
    const { relay, store, publish, sent, clock } = relayScene();
    let reachable = true;
    const beat = store.beat.bind(store);
    store.beat = given => (reachable ? beat(given) : Promise.reject(new Error('the store is away')));
    const one = relay({ leaseMs: 30_000, marginMs: 5_000 });
    const told = heard(one, 'interrupted');
    await one.start();
    reachable = false;
    await clock.advance(24_000);
    await publish('a.1');
    await clock.advance(900);
    expect(sent).toHaveLength(1);
    await clock.advance(200);
    await publish('a.2');
    await clock.advance(60_000);
    expect(sent).toHaveLength(1);
    expect(told.length).toBeGreaterThan(2);
    reachable = true;
    await clock.advance(30_000);
    expect(sent).toHaveLength(2);
    await one.close();
  });

  it('keeps in mind what the bus has while the store cannot be told', async () => {
    const { relay, store, publish, sent, through, clock } = relayScene();
    let reachable = true;
    const confirm = store.confirm.bind(store);
    store.confirm = (...given) => (reachable ? confirm(...given) : Promise.reject(new Error('away')));
    const one = relay();
    await one.start();
    reachable = false;
    await publish('a.1', 'b.1');
    await clock.advance(20_000);
    expect(sent).toHaveLength(2);
    expect(store.size).toBe(2);
    reachable = true;
    await clock.advance(5_000);
    expect(store.size).toBe(0);
    expect(through).toEqual(['a.1', 'b.1']);
    await one.close();
  });

  it('finds by looking what nobody told it of', async () => {
    const { relay, store, publish, through, clock } = relayScene();
    store.onWake = () => () => {};
    const one = relay({ pollMs: 500 });
    await one.start();
    await clock.advance(1);
    await publish('a.1');
    await clock.advance(498);
    expect(through).toEqual([]);
    await clock.advance(2);
    expect(through).toEqual(['a.1']);
    await one.close();
  });

  it('leaves no timer behind, and starts once', async () => {
    const { relay, clock } = relayScene();
    const one = relay();
    await one.start();
    await expect(one.start()).rejects.toThrow('it must be idle, is running');
    await clock.advance(1_000);
    await one[Symbol.asyncDispose]();
    expect(clock.timers).toBe(0);
  });
});
