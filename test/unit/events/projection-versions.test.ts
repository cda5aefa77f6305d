import { describe, expect, it, vi } from 'vitest';
import { settle } from '../../../src/testing/settle.js';
import { counterOf, failure } from '../../fixtures/projections.js';

describe('a new version', () => {
  const scene = async () => {
    const all = counterOf({ batch: 2 });
    all.add(1, 2, 3);
    const old = all.make();
    await old.catchUp();
    const seen: [position: unknown, replaying: boolean][] = [];
    const doubled = all.make({
      version: 2,
      on: {
        add: (sum, n, { position, replaying }) => {
          seen.push([position, replaying]);
          return sum + 2 * n;
        },
      },
    });
    return { ...all, old, doubled, seen };
  };

  it('begins anew, quiet until it has come as far, and then takes the place of the old one', async () => {
    const { old, doubled, seen, store, add, clock } = await scene();
    const told: unknown[] = [];
    doubled.on('activated', event => told.push(event));
    expect(store.read('sum')).toBe(6);
    add(4, 5);
    await doubled.catchUp();
    expect(seen).toEqual([
      [1, true],
      [2, true],
      [3, true],
      [4, false],
      [5, false],
    ]);
    expect([store.active('sum'), store.read('sum'), old.state]).toEqual([2, 30, 6]);
    expect(told).toEqual([{ projection: 'sum', version: 2, instead: 1, at: clock.wall() }]);
    expect(doubled.snapshot()).toMatchObject({ role: 'active', status: 'idle' });
  });

  it('runs beside the old one, which ends when it is replaced', async () => {
    const { old, doubled, seen, add, store, clock } = await scene();
    old.start();
    doubled.start();
    await settle();
    const late = failure(old.whenProcessed(4));
    add(4);
    doubled.wake();
    old.wake();
    await clock.advance(2000);
    expect([old.snapshot().status, doubled.snapshot().status]).toEqual(['retired', 'running']);
    expect(seen.map(([position]) => position)).toEqual([1, 2, 3, 4]);
    expect(store.read('sum')).toBe(20);
    const message = 'sum: version 2 is read from, and this is version 1';
    expect(await late).toMatchObject({ code: 'ERR_PROJECTION_STOPPED', message });
    expect(await failure(old.catchUp())).toMatchObject({ message });
    expect(await failure(old.retryParked(1))).toMatchObject({ message });
    await doubled.stop();
    await old.stop();
    expect(clock.timers).toBe(0);
  });

  it('replays what the old one processed in the very moment of the change', async () => {
    const { old, doubled, seen, add, store } = await scene();
    const activate = store.activate.bind(store);
    vi.spyOn(store, 'activate').mockImplementationOnce((name, version, instead) => {
      // Version 1 saves what it was at.
      add(4);
      store.save('sum', 1, { position: 4, parked: [], state: 10 });
      return activate(name, version, instead);
    });
    await doubled.catchUp();
    add(5);
    await doubled.catchUp();
    expect(seen.slice(3)).toEqual([
      [4, true],
      [5, false],
    ]);
    expect(old.state).toBe(6);
  });

  it('waits where the old one stands, and not at the end of the feed', async () => {
    const { doubled, seen, add, store } = await scene();
    vi.spyOn(store, 'activate').mockReturnValueOnce(false);
    add(4);
    await doubled.catchUp();
    // The change was refused once, and nothing behind position 3 was touched before it.
    expect(seen).toEqual([
      [1, true],
      [2, true],
      [3, true],
      [4, false],
    ]);
  });

  it('takes over where positions have gaps, and where the old one has none', async () => {
    const { make, log, add, store } = counterOf();
    log.append('other', 1);
    await make().catchUp();
    const events = [
      { position: 5, type: 'add', data: 1 },
      { position: 9, type: 'add', data: 1 },
    ];
    const feed = { read: (after: unknown) => events.filter(({ position }) => position > Number(after ?? 0)) };
    const gap = make({ version: 2, feed });
    await gap.catchUp();
    expect([gap.state, store.active('sum')]).toEqual([2, 2]);
    store.activate('empty', 1, undefined);
    add(1);
    const next = make({ name: 'empty', version: 2 });
    await next.catchUp();
    expect([next.state, store.active('empty')]).toEqual([1, 2]);
  });

  it('parks in the replay what is then tried again in the replay', async () => {
    const { make, log, add } = counterOf();
    log.append('boom', 'x');
    const quiet = { boom: (sum: number) => sum, add: (sum: number, n: number) => sum + n };
    await make({ on: quiet }).catchUp();
    const next = make({ version: 2, onError: 'park' });
    await next.catchUp();
    expect(next.parked).toMatchObject([{ position: 1, replaying: true }]);
    add(1);
    const seen: boolean[] = [];
    const mended = make({
      version: 2,
      on: { boom: (sum, _text, { replaying }) => sum + seen.push(replaying) },
    });
    expect(await mended.retryParked(1)).toBe(true);
    expect(seen).toEqual([true]);
  });

  it('that is activated by somebody else at the same time is what this one follows', async () => {
    const { make, store, add } = counterOf();
    add(1);
    vi.spyOn(store, 'activate').mockImplementationOnce(() => {
      store.activate('sum', 7, undefined);
      return false;
    });
    expect(await failure(make().catchUp())).toMatchObject({ message: expect.stringContaining('version 7') });
    const broken = {
      ...store,
      load: () => undefined,
      save() {},
      active: () => undefined,
      activate: () => false,
    };
    expect(await failure(make({ store: broken }).catchUp())).toMatchObject({
      message: expect.stringContaining('`store.active` must be a function that knows what was activated'),
    });
  });
});
