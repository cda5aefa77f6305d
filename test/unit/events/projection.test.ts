import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { EventFeed, FedEvent } from '../../../src/events/event-feed.js';
import { InMemoryEventLog } from '../../../src/events/event-log.js';
import { defineEvents } from '../../../src/events/event-registry.js';
import { Projection } from '../../../src/events/projection.js';
import type { ProjectionContext } from '../../../src/events/projection-options.js';
import type { ProjectionStore, SavedProjection } from '../../../src/events/projection-store.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';
import { settle } from '../../../src/testing/settle.js';
import { counterOf, failure } from '../../fixtures/projections.js';

describe('a projection', () => {
  it('makes a state of the events that it has a handler for, in their order', async () => {
    const { projection, log, add } = counterOf();
    expect([projection.state, projection.position]).toEqual([undefined, undefined]);
    add(1, 2);
    log.append('other', 'x');
    add(3);
    await projection.catchUp();
    expect([projection.state, projection.position]).toEqual([6, 4]);
    expect(projection.snapshot()).toEqual({
      name: 'sum',
      version: 1,
      lagMs: 0,
      status: 'idle',
      role: 'active',
      position: 4,
      processed: 4,
      skipped: 0,
      parked: 0,
      waiting: 0,
    });
  });

  it('saves after each batch, the position with the state', async () => {
    const { make, add, store } = counterOf();
    const save = vi.spyOn(store, 'save');
    add(1, 2, 3, 4, 5);
    await make({ batch: 2 }).catchUp();
    const saved = save.mock.calls.map(([, , { state, position }]) => [state, position]);
    expect(saved).toEqual([
      [3, 2],
      [10, 4],
      [15, 5],
    ]);
  });

  it('goes on after a restart where it was', async () => {
    const { make, add, store } = counterOf();
    add(1, 2);
    await make().catchUp();
    add(4);
    const again = make();
    await again.catchUp();
    expect([again.state, again.snapshot().processed, store.read('sum')]).toEqual([7, 1, 7]);
  });

  it('is not changed by what a handler does to what was saved', async () => {
    const log = new InMemoryEventLog();
    const { store } = counterOf();
    const items = store as unknown as ProjectionStore<string[]>;
    const projection = new Projection<{ add: string }, string[]>({
      name: 'items',
      init: () => [],
      on: { add: (state, item) => [...state, item] },
      feed: log,
      store: items,
    });
    log.append('add', 'a');
    await projection.catchUp();
    projection.state!.push('from outside');
    expect((await items.load('items', 1))?.state).toEqual(['a']);
  });

  it('tells a handler where it is', async () => {
    const contexts: ProjectionContext[] = [];
    const { make, add } = counterOf();
    add(5);
    const on = {
      add: (sum: number, n: number, context: ProjectionContext) => sum + n * contexts.push(context),
    };
    await make({ on }).catchUp();
    expect(contexts).toEqual([
      {
        position: 1,
        type: 'add',
        replaying: false,
        late: false,
        attempt: 1,
        signal: expect.any(AbortSignal),
      },
    ]);
  });

  it('reads events of all versions through a registry', async () => {
    const registry = defineEvents(
      { add: { 1: z.object({ n: z.number() }), 2: z.object({ cents: z.number() }) } },
      { upcast: { add: { 1: ({ n }) => ({ cents: n * 100 }) } } },
    );
    const { log, store } = counterOf();
    const projection = new Projection({
      name: 'cents',
      init: () => 0,
      on: { add: (sum: number, { cents }) => sum + cents },
      registry,
      feed: log,
      store,
      onError: 'park',
    });
    log.append('add', { n: 3 });
    log.append('add', { cents: 5 }, 2);
    log.append('add', { wrong: true }, 2);
    log.append('other', { wrong: true }, 7);
    await projection.catchUp();
    expect(projection.state).toBe(305);
    expect(projection.parked.map(({ position, error }) => [position, error])).toEqual([
      [3, expect.stringContaining('InvalidEventError: event "add", version 2: cents: ')],
    ]);
  });

  it('counts an event once though the store fails, and is then as it was', async () => {
    const { make, add, store } = counterOf();
    add(1, 2, 3);
    const projection = make({ batch: 2 });
    const boom = new Error('store');
    vi.spyOn(store, 'save').mockImplementationOnce(() => {
      throw boom;
    });
    expect(await failure(projection.catchUp())).toBe(boom);
    expect(projection.snapshot()).toMatchObject({ position: undefined, processed: 0, status: 'idle' });
    await projection.catchUp();
    expect([projection.state, projection.snapshot().processed]).toEqual([6, 3]);
  });

  it('handles what comes again where the store keeps the position only', async () => {
    const { log, add } = counterOf();
    let kept: SavedProjection<undefined> | undefined;
    let crash = false;
    const table = new Map<unknown, number>();
    const store: ProjectionStore<undefined> = {
      load: () => kept,
      save: (_name, _version, { position, parked }) => {
        if (crash) throw new Error('crash');
        kept = { position, parked };
      },
      active: () => 1,
      activate: () => true,
    };
    const seen: unknown[] = [];
    const make = () =>
      new Projection<{ add: number }, undefined>({
        name: 'rows',
        init: () => undefined,
        on: {
          add: (_, n, { position }) => {
            seen.push(position);
            table.set(position, n);
            return undefined;
          },
        },
        feed: log,
        store,
      });
    add(1, 2);
    crash = true;
    await failure(make().catchUp());
    crash = false;
    await make().catchUp();
    expect(seen).toEqual([1, 2, 1, 2]);
    expect([...table.values()]).toEqual([1, 2]);
    expect(kept).toEqual({ position: 2, parked: [] });
  });

  it('takes bigints as they are, and texts in the order that their feed knows', async () => {
    const { make } = counterOf();
    const events: FedEvent[] = ['9-1', '10-1', '10-2'].map(position => ({ position, type: 'add', data: 1 }));
    const [ms, seq] = [0, 1].map(i => (position: unknown) => Number(String(position).split('-')[i]));
    const compare: EventFeed['compare'] = (a, b) => ms!(a) - ms!(b) || seq!(a) - seq!(b);
    const read: EventFeed['read'] = after => events.slice(events.findIndex(e => e.position === after) + 1);
    const redis = make({ feed: { read, compare } });
    await redis.catchUp();
    expect([redis.state, redis.position]).toEqual([3, '10-2']);
    await expect(redis.whenProcessed('9-7')).resolves.toBeUndefined();
    expect(await failure(make({ name: 'other', feed: { read } }).catchUp())).toMatchObject({
      message: 'Projection: `feed.compare` must be a function where positions are texts, got undefined',
    });
    const big = [1n, 2n].map(position => ({ position, type: 'add', data: 1 }));
    const bigs = make({
      name: 'big',
      feed: { read: after => big.filter(e => e.position > BigInt(after ?? 0)) },
    });
    await bigs.catchUp();
    expect(bigs.position).toBe(2n);
  });
});

describe('whenProcessed', () => {
  it('resolves when the position is passed and saved', async () => {
    const { projection, add } = counterOf();
    const log: string[] = [];
    const waits = [1, 3, 4].map(position =>
      projection.whenProcessed(position).then(() => log.push(`${position}`)),
    );
    expect(projection.snapshot().waiting).toBe(3);
    add(1, 2, 3);
    await projection.catchUp();
    await settle();
    expect([log, projection.snapshot().waiting]).toEqual([['1', '3'], 1]);
    await projection.whenProcessed(2);
    add(4);
    await projection.catchUp();
    await Promise.all(waits);
  });

  it('ends with its time, with its signal, and with the projection', async () => {
    const { projection, clock, log } = counterOf();
    const late = failure(projection.whenProcessed(1, { timeoutMs: 50 }));
    await clock.advance(50);
    expect(await late).toMatchObject({ code: 'ERR_TIMEOUT', message: 'sum: not at position 1 within 50 ms' });
    const { signal, listeners, abort } = countingSignal();
    const given = failure(projection.whenProcessed(1, { signal, timeoutMs: 99 }));
    await settle();
    expect([listeners(), clock.timers]).toEqual([1, 1]);
    abort('enough');
    expect(await given).toBe('enough');
    expect([listeners(), clock.timers, projection.snapshot().waiting]).toEqual([0, 0, 0]);
    expect(await failure(projection.whenProcessed(1, { signal }))).toBe('enough');
    log.append('boom', 'x');
    const stopped = failure(projection.whenProcessed(1));
    await failure(projection.catchUp());
    expect(await stopped).toMatchObject({ code: 'ERR_PROJECTION_STOPPED', cause: { message: 'x' } });
    expect(await failure(projection.whenProcessed(1))).toBe(await stopped);
  });

  it('has a bound on those who wait', async () => {
    const { projection } = counterOf();
    const controller = new AbortController();
    const { signal } = controller;
    const waits = Array.from({ length: 10_000 }, () => failure(projection.whenProcessed(1, { signal })));
    await settle();
    expect(await failure(projection.whenProcessed(1))).toMatchObject({ code: 'ERR_EVENT_OVERFLOW' });
    controller.abort();
    await Promise.all(waits);
  });

  it.each<[object, RegExp]>([
    [{ timeout: 1 }, /whenProcessed: unknown option `timeout`/],
    [{ timeoutMs: 0 }, /`timeoutMs` must be a number > 0/],
    [{ signal: 1 }, /`signal` must be an AbortSignal/],
  ])('rejects a mistake: %j', async (options, message) => {
    await expect(counterOf().projection.whenProcessed(1, options)).rejects.toThrow(message);
  });
});
