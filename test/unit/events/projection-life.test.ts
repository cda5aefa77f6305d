import { describe, expect, it, vi } from 'vitest';
import { Projection } from '../../../src/events/projection.js';
import { settle } from '../../../src/testing/settle.js';
import { counterOf, failure } from '../../fixtures/projections.js';

describe('a started projection', () => {
  it('processes what comes, at the latest after pollMs', async () => {
    const { make, add, clock } = counterOf({ pollMs: 200 });
    const projection = make();
    projection.start();
    projection.start();
    await settle();
    expect(projection.snapshot()).toMatchObject({ status: 'running', position: undefined });
    add(1, 2);
    await clock.advance(199);
    expect(projection.state).toBe(0);
    await clock.advance(1);
    expect(projection.state).toBe(3);
    expect([clock.timers, clock.keepAliveTimers]).toEqual([1, 0]);
    await projection.stop();
    expect([projection.snapshot().status, clock.timers]).toEqual(['idle', 0]);
  });

  it('processes at once when it is woken, also in the middle of a batch', async () => {
    const { make, add, clock } = counterOf();
    const projection = make({
      on: {
        add: async (sum, n) => {
          await new Promise<void>(resolve => clock.schedule(10, resolve));
          return sum + n;
        },
      },
    });
    projection.start();
    await settle();
    add(1);
    projection.wake();
    await clock.advance(5);
    add(2);
    projection.wake();
    await clock.advance(15);
    expect(projection.state).toBe(3);
    await projection.stop();
  });

  it('tries again when feed or store fail, and tells of it', async () => {
    const { make, add, log, clock } = counterOf({ pollMs: 100 });
    const boom = new Error('network');
    const read = vi.spyOn(log, 'read').mockImplementation(() => {
      throw boom;
    });
    const projection = make();
    const told: unknown[] = [];
    projection.on('interrupted', event => told.push(event));
    add(4);
    projection.start();
    await settle();
    expect(told).toEqual([{ projection: 'sum', version: 1, error: boom, at: clock.wall() }]);
    read.mockRestore();
    await clock.advance(100);
    expect([projection.state, projection.snapshot().status]).toEqual([4, 'running']);
    await projection.stop();
  });

  it('ends at an event at which it stops, and can be started again', async () => {
    const { make, add, log, clock } = counterOf();
    let fixed = false;
    const projection = make({
      on: {
        add: (sum, n) => sum + n,
        boom: sum => {
          if (!fixed) throw new Error('not yet');
          return sum + 100;
        },
      },
    });
    log.append('boom', 'x');
    add(1);
    projection.start();
    await settle();
    expect([projection.snapshot().status, clock.timers]).toEqual(['failed', 0]);
    fixed = true;
    projection.start();
    await projection.whenProcessed(2);
    expect([projection.state, projection.snapshot().status]).toEqual([101, 'running']);
    await projection.stop();
  });

  it('stops in the middle of an event, which then comes again', async () => {
    const { make, add, clock } = counterOf({ onError: 'park' });
    const seen: number[] = [];
    const projection = make({
      on: {
        add: (sum, n, { signal }) => {
          seen.push(n);
          if (n === 1 || seen.length > 2) return sum + n;
          return new Promise<number>((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          });
        },
      },
    });
    add(1, 2, 3);
    projection.start();
    await settle();
    const waits = failure(projection.whenProcessed(3));
    await projection.stop();
    expect(await waits).toMatchObject({ code: 'ERR_PROJECTION_STOPPED', message: 'sum: it was stopped' });
    expect(projection.snapshot()).toMatchObject({ status: 'idle', position: 1, parked: 0 });
    projection.start();
    await settle();
    expect([seen, projection.state]).toEqual([[1, 2, 2, 3], 6]);
    await projection.stop();
    expect(clock.timers).toBe(0);
  });

  it('stops between events when a handler does not heed the signal', async () => {
    const { make, add, clock } = counterOf();
    const projection = make({
      on: {
        add: async (sum, n) => {
          await new Promise<void>(resolve => clock.schedule(10, resolve));
          return sum + n;
        },
      },
    });
    add(1, 2);
    const caught = failure(projection.catchUp());
    await settle();
    const stopped = projection.stop();
    await clock.advance(10);
    await stopped;
    expect(await caught).toMatchObject({ message: 'sum: it was stopped' });
    expect([projection.state, projection.position, projection.snapshot().status]).toEqual([1, 1, 'idle']);
  });

  it('is disposed of, and does not stop for what is not its own', async () => {
    const { make, add } = counterOf();
    const projection = make();
    {
      await using held = projection;
      held.start();
      add(1);
      await settle();
    }
    expect(projection.snapshot().status).toBe('idle');
    expect(await failure(projection.catchUp({ signal: AbortSignal.abort('no') }))).toBe('no');
    expect(await failure(projection.catchUp({ signal: {} as AbortSignal }))).toMatchObject({
      message: 'catchUp: `signal` must be an AbortSignal, got an object',
    });
  });
});

describe('what is told of a projection', () => {
  it('says how it was made, with its defaults', () => {
    expect(counterOf().projection.describe()).toEqual({
      kind: 'projection',
      name: 'sum',
      version: 1,
      on: ['add', 'boom'],
      onError: 'stop',
      batch: 100,
      maxParked: 1000,
      pollMs: 1000,
    });
    expect(Projection.defaults).toMatchObject({ batch: 100 });
    expect(counterOf().projection.name).toBe('sum');
  });
});

describe('mistakes', () => {
  it.each<[object, RegExp]>([
    [{ name: '' }, /`name` must be a string that is not empty, got ""/],
    [{ version: 0 }, /`version` must be an integer >= 1, got 0/],
    [{ init: 5 }, /`init` must be a function, got 5/],
    [{ on: null }, /`on` must be an object of functions, got null/],
    [{ on: { add: 5 } }, /`on.add` must be a function, got 5/],
    [{ feed: {} }, /`feed` must be an EventFeed, got an object/],
    [{ store: { load() {} } }, /`store` must be a ProjectionStore with save, got an object/],
    [{ registry: {} }, /`registry` must be an EventRegistry/],
    [{ policy: null }, /`policy` must be a policy, got null/],
    [{ onError: 'retry' }, /`onError` must be 'stop' or 'park' or 'skip', got "retry"/],
    [{ batch: Infinity }, /`batch` must be an integer >= 1, got Infinity/],
    [{ maxParked: -1 }, /`maxParked` must be an integer >= 1, got -1/],
    [{ pollMs: 0 }, /`pollMs` must be a number > 0, or Infinity, got 0/],
    [{ retries: 3 }, /unknown option `retries`; known are name, version/],
  ])('in the options are refused: %o', (options, message) => {
    expect(() => counterOf(options)).toThrow(message);
  });

  it.each<[unknown, RegExp]>([
    [undefined, /`feed.read` must be a function that answers with a list, got undefined/],
    [[null], /whose events have a position and a type, got null/],
    [[{ position: {}, type: 'a' }], /whose events have a position and a type, got an object/],
    [[{ position: 1 }], /whose events have a position and a type/],
    [
      [
        { position: 2, type: 'a' },
        { position: 2, type: 'a' },
      ],
      /whose events are in order: 2 came after 2/,
    ],
  ])('of a feed are refused: %j', async (events, message) => {
    const feed = { read: () => events as [] };
    await expect(counterOf({ feed }).projection.catchUp()).rejects.toThrow(message);
  });
});
