import { beforeEach, describe, expect, it } from 'vitest';
import { Dashboard } from '../../../../src/observe/dashboard/dashboard.js';
import {
  DashboardFeed,
  type DashboardFeedOptions,
} from '../../../../src/observe/dashboard/dashboard-feed.js';
import type { StateMessage } from '../../../../src/observe/dashboard/protocol.js';
import type { DashboardFrame } from '../../../../src/observe/dashboard/remote-services.js';
import { Observatory } from '../../../../src/observe/observatory.js';
import { CircuitBreaker } from '../../../../src/resilience/circuit-breaker.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';

describe('a feed', () => {
  let clock: VirtualClock;
  let orders: Observatory;
  let breaker: CircuitBreaker;
  let board: Dashboard;
  let frames: DashboardFrame[];

  beforeEach(() => {
    clock = new VirtualClock();
    orders = new Observatory({ service: 'orders', clock });
    breaker = new CircuitBreaker({ name: 'bank', clock });
    orders.watch(breaker);
    board = new Dashboard({
      observatory: new Observatory({ service: 'shop', clock }),
      clock,
      maxServices: 2,
    });
    frames = [];
  });

  const feedOf = (options: Partial<DashboardFeedOptions> = {}) =>
    new DashboardFeed({
      observatory: orders,
      publish: frame => frames.push(JSON.parse(JSON.stringify(frame))),
      instance: 'o1',
      clock,
      ...options,
    });
  const state = async (): Promise<StateMessage> =>
    (await board.fetch(new Request('http://shop.example/api/state'))).json() as Promise<StateMessage>;
  const receiveAll = (): boolean[] => frames.splice(0).map(frame => board.receive(frame));

  it('shows the things of another process, and what happens to them', async () => {
    using feed = feedOf();
    await clock.advance(2_000);
    breaker.isolate();
    await clock.advance(2_000);
    expect(receiveAll()).toEqual([true, true]);
    const { things, services, events, timelines } = await state();
    expect(services).toEqual([
      { service: 'shop', instance: '', stale: false, things: 0 },
      { service: 'orders', instance: 'o1', stale: false, things: 1 },
    ]);
    expect(things).toMatchObject([{ service: 'orders', instance: 'o1', detail: { state: 'isolated' } }]);
    expect(events).toMatchObject([{ service: 'orders', event: 'isolated', count: 1 }]);
    expect(timelines[things[0]!.key]).toMatchObject([{ state: 'closed' }, { state: 'isolated' }]);
    expect(feed.snapshot()).toEqual({ published: 2, failed: 0 });
  });

  it('tells only what has changed, and everything again in time for who is new', async () => {
    using _ = feedOf();
    await clock.advance(20 * 2_000);
    const told = frames.map(({ things }) => things.length);
    expect(told[0]).toBe(1);
    expect(told.filter(count => count === 1)).toHaveLength(2);
    expect(frames[1]?.ids).toEqual(['circuit-breaker/bank']);
  });

  it('may be doubled and come in another order', async () => {
    using _ = feedOf();
    await clock.advance(2_000);
    breaker.isolate();
    await clock.advance(2_000);
    const [first, second] = frames;
    expect([second, first, second].map(frame => board.receive(frame))).toEqual([true, false, false]);
    expect((await state()).things[0]?.detail).toMatchObject({ state: 'isolated' });
    expect((await state()).events).toHaveLength(1);
  });

  it('of a process that was started anew counts, that of the one before it does not', async () => {
    const before = feedOf();
    await clock.advance(6_000);
    const old = frames.splice(0);
    board.receive(old[2]);
    before.close();
    using _ = feedOf();
    await clock.advance(2_000);
    expect(board.receive(frames[0])).toBe(true);
    expect(board.receive({ ...old[2], seq: 99 })).toBe(false);
  });

  it('that has fallen silent is stale, and then forgotten', async () => {
    const feed = feedOf();
    await clock.advance(2_000);
    receiveAll();
    feed.close();
    await clock.advance(6_001);
    expect((await state()).services[1]).toMatchObject({ stale: true });
    await clock.advance(60_000);
    expect(await state()).toMatchObject({ things: [], services: [{ service: 'shop' }] });
  });

  it('of one process too many is not shown', async () => {
    const frame = {
      version: 1,
      service: 'a',
      startedAt: 1,
      seq: 1,
      intervalMs: 100,
      ids: [],
      things: [],
      events: [],
    };
    expect(['1', '2', '3'].map(instance => board.receive({ ...frame, instance }))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    undefined,
    null,
    'frame',
    [],
    { version: 2 },
    { version: 1, service: '', instance: 'a' },
    {
      version: 1,
      service: 'a',
      instance: 'b',
      startedAt: 1,
      seq: 0,
      intervalMs: 1,
      ids: [],
      things: [],
      events: [],
    },
    {
      version: 1,
      service: 'a',
      instance: 'b',
      startedAt: 1,
      seq: 1,
      intervalMs: 0,
      ids: [],
      things: [],
      events: [],
    },
    {
      version: 1,
      service: 'a',
      instance: 'b',
      startedAt: 1,
      seq: 1,
      intervalMs: 1,
      ids: {},
      things: [],
      events: [],
    },
  ])('is none: %j', value => expect(board.receive(value)).toBe(false));

  it('with odd parts shows what is right of it, within bounds', async () => {
    const thing = {
      id: 'a/1',
      kind: 'a',
      name: 'n'.repeat(10_000),
      description: {},
      snapshot: {},
      detail: null,
    };
    const ids = ['a/1', 7, ...Array.from({ length: 2_000 }, (_, at) => `b/${at}`)];
    const things = [thing, null, { ...thing, id: 'unsaid' }, { ...thing, id: 3 }];
    const event = {
      at: 1,
      id: 'a/1',
      kind: 'a',
      name: 'a',
      event: 'e',
      count: 1,
      payload: 'x'.repeat(9_999),
    };
    const events = [event, null, { ...event, count: 0 }, { ...event, at: 'now' }, { ...event, event: '' }];
    const outside = {
      version: 1,
      service: 's'.repeat(9_999),
      instance: 'i',
      startedAt: 1,
      seq: 1,
      intervalMs: 1e9,
    };
    expect(board.receive({ ...outside, ids, things, events })).toBe(true);
    const seen = await state();
    expect(seen.things).toHaveLength(1);
    expect(seen.things[0]!.name.length).toBeLessThan(600);
    expect(seen.events).toHaveLength(1);
    expect(JSON.stringify(seen).length).toBeLessThan(10_000);
  });

  it('goes in parts where it would be too large, and says so of a thing that is', async () => {
    for (let at = 0; at < 60; at++) {
      orders.watch({
        name: `part ${at}`,
        describe: () => ({ kind: 'part' }),
        snapshot: () => ({ text: 'x'.repeat(900) }),
      });
    }
    orders.watch({
      name: 'huge',
      describe: () => ({ kind: 'part' }),
      snapshot: () => Array(50).fill('x'.repeat(1_900)),
    });
    using _ = feedOf({ maxFrameLength: 20_000 });
    await clock.advance(10 * 2_000);
    for (const frame of frames) expect(JSON.stringify(frame).length).toBeLessThanOrEqual(20_000);
    receiveAll();
    const { things } = await state();
    expect(things).toHaveLength(62);
    expect(things.find(({ name }) => name === 'huge')?.snapshot).toMatchObject({
      error: { message: 'it is too large for a frame' },
    });
  });

  it('waits for a bus that is slow, and tells again what one that failed may have lost', async () => {
    let answer: (() => void) | undefined;
    const slow = feedOf({ publish: () => new Promise<void>(resolve => (answer = resolve)) });
    await clock.advance(10_000);
    expect(slow.snapshot()).toEqual({ published: 0, failed: 0 });
    answer!();
    await clock.advance(2_000);
    expect(slow.snapshot().published).toBe(1);
    slow.close();
    let fails = true;
    using failing = feedOf({
      publish: frame => {
        if (fails) throw new Error('no bus');
        frames.push(frame);
      },
    });
    await clock.advance(4_000);
    fails = false;
    await clock.advance(2_000);
    expect(failing.snapshot()).toEqual({ published: 1, failed: 2 });
    expect(frames[0]?.things).toHaveLength(1);
  });

  it.each([
    [{ observatory: undefined }, '`observatory` must be an Observatory'],
    [{ publish: 'bus' }, '`publish` must be a function, got "bus"'],
    [{ instance: '' }, '`instance` must be a name, got ""'],
    [{ intervalMs: 99 }, '`intervalMs` must be a number >= 100 <= 60000, got 99'],
    [{ maxFrameLength: 9 }, '`maxFrameLength` must be an integer >= 10000, got 9'],
    [{ topic: 'x' }, 'unknown option `topic`'],
  ])('refuses %o', (options, message) => {
    expect(() => feedOf(options as never)).toThrow(message);
  });
});
