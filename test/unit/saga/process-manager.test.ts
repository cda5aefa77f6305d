import { afterEach, describe, expect, it } from 'vitest';
import { ProcessManager } from '../../../src/saga/process-manager.js';
import { InMemoryProcessStore } from '../../../src/saga/process-memory.js';
import type { ProcessStore } from '../../../src/saga/process-store.js';
import type { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { openStore } from '../../fixtures/process-store.js';
import { order, orders, paid, placed } from '../../fixtures/processes.js';

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

async function running(options: Parameters<typeof orders>[0] = {}) {
  const scene = orders(options);
  const { manager, clock, bus } = scene;
  const told: string[] = [];
  for (const event of [
    'started',
    'ended',
    'duplicate',
    'late',
    'stale',
    'conflict',
    'timeoutFailed',
  ] as const) {
    manager.on(event, ({ key }) => void told.push(`${event} ${key}`));
  }
  await manager.start();
  closings.push(async () => {
    const closed = manager.close();
    await clock.advance(60_000);
    await closed;
    const end = bus.close();
    await clock.advance(60_000);
    await end;
  });
  const pass = (ms: number) => clock.advance(ms);
  return { ...scene, told, pass };
}

describe('a process manager over a bus', () => {
  it('leads a process from its start to its end', async () => {
    const { bus, manager, sent, pass, told } = await running();
    await bus.publish(placed, { id: 'a', cents: 5 });
    await pass(200);
    expect(sent).toEqual(['charge a']);
    expect(await manager.get('a')).toEqual({
      ...{ key: 'a', version: 1, ended: false, late: 0, timeouts: ['unpaid'] },
      state: { status: 'placed', cents: 5, reminders: 0 },
    });
    await bus.publish(paid, { order: 'a' });
    await pass(200);
    expect(sent).toEqual(['charge a', 'ship a']);
    expect(await manager.get('a')).toMatchObject({ ended: true, timeouts: [], state: { status: 'paid' } });
    await pass(10_000);
    expect(sent).toHaveLength(2);
    expect(told).toEqual(['started a', 'ended a']);
    expect(manager.snapshot()).toEqual({
      ...{ process: 'order', state: 'running', running: 0, started: 1, ended: 1, handled: 2, duplicates: 0 },
      ...{ ignored: 0, late: 0, stale: 0, conflicts: 0, published: 2, parked: 0 },
    });
  });

  it('says of what it sends where it comes from', async () => {
    const { bus, pass, causes } = await running();
    const { id } = await bus.publish(placed, { id: 'a', cents: 5 }, { correlationId: 'c-1' });
    await pass(1_300);
    // What a timeout leads to has no message before it, but the same correlation.
    expect(causes).toEqual([`${id} c-1`, 'undefined c-1']);
  });

  it('wakes a process at its timeouts, until there is one that ends it', async () => {
    const { bus, manager, sent, pass } = await running();
    await bus.publish(placed, { id: 'a', cents: 5 });
    await pass(900);
    expect(sent).toEqual(['charge a']);
    await pass(400);
    expect(sent).toEqual(['charge a', 'remind a']);
    await pass(2_200);
    expect(sent).toEqual(['charge a', 'remind a', 'remind a']);
    await pass(2_200);
    expect(await manager.get('a')).toMatchObject({ ended: true, state: { status: 'given up' } });
    await pass(10_000);
    expect(sent).toHaveLength(3);
  });

  it('counts what comes after the end, and never starts again', async () => {
    const { bus, manager, sent, pass, told } = await running();
    await bus.publish(placed, { id: 'a', cents: 5 });
    await bus.publish(paid, { order: 'a' });
    await pass(200);
    await bus.publish(placed, { id: 'a', cents: 7 });
    const { id } = await bus.publish(paid, { order: 'a' });
    await pass(200);
    expect(await manager.get('a')).toMatchObject({ late: 2, ended: true, state: { cents: 5 } });
    expect(sent).toEqual(['charge a', 'ship a']);
    // One that came late is known again as well.
    expect(await manager.handle('paid', { id, data: { order: 'a' } })).toBe('duplicate');
    expect(told.slice(2)).toEqual(['late a', 'late a', 'duplicate a']);
  });

  it('handles a message once, however often it comes', async () => {
    const { manager, sent, pass } = await running();
    const message = { id: 'm-1', data: { id: 'a', cents: 5 } };
    const outcomes = await Promise.all([1, 2, 3].map(() => manager.handle('placed', message)));
    expect(outcomes.sort()).toEqual(['duplicate', 'duplicate', 'handled']);
    await pass(200);
    expect(sent).toEqual(['charge a']);
  });

  it('lets go of what is for nobody, and gives back what comes too early', async () => {
    const { manager } = await running();
    expect(await manager.handle('placed', { id: '1', data: { id: '', cents: 5 } })).toBe('ignored');
    const error = await failure(manager.handle('paid', { id: '2', data: { order: 'b' } }));
    expect(error).toMatchObject({ code: 'ERR_PROCESS_NOT_STARTED', rejected: true });
    expect((error as Error).message).toBe('order: "paid" is for "b", which has not started');
    await manager.handle('placed', { id: '3', data: { id: 'b', cents: 5 } });
    expect(await manager.handle('paid', { id: '2', data: { order: 'b' } })).toBe('handled');
    expect(manager.snapshot()).toMatchObject({ ignored: 1, handled: 2 });
  });

  it('is handed only messages that it hears of, and that have ids', async () => {
    const { manager } = await running();
    const data = { id: 'a', cents: 5 };
    for (const [type, message, rule] of [
      ['unpaid', { id: '1', data }, '`type` must be one of placed, paid, got "unpaid"'],
      ['toString', { id: '1', data }, '`type` must be one of placed, paid, got "toString"'],
      ['placed', { data }, '`id` must be a text of 1 to 255 characters, got undefined'],
      ['placed', { id: '', data }, '`id` must be a text of 1 to 255 characters, got ""'],
      ['placed', { id: 'x'.repeat(256), data }, '`id` must be a text of 1 to 255 characters, got "x'],
      ['placed', { id: 7, data }, '`id` must be a text of 1 to 255 characters, got 7'],
      ['placed', { id: '1', correlationId: 7, data }, '`correlationId` must be a text of 1 to 255 char'],
      ['placed', undefined, '`message` must be an object, got undefined'],
    ] as const) {
      const error = (await failure(manager.handle(type as never, message as never))) as Error;
      expect(error.name).toMatch(/^(Type|Range)Error$/);
      expect(error.message).toContain(`handle: ${rule}`);
    }
    expect(await manager.get('a')).toBeUndefined();
    await manager.close();
    const late = (await failure(manager.handle('placed', { id: '1', data }))) as Error;
    expect(late).toMatchObject({ name: 'TypeError', message: 'order: handle: it is closed' });
    expect(await manager.get('a')).toBeUndefined();
  });

  it('takes an early message when it comes again', async () => {
    const { bus, manager, pass } = await running({ subscribe: { failure: { redeliver: [100, 100, 100] } } });
    await bus.publish(paid, { order: 'a' });
    await pass(50);
    await bus.publish(placed, { id: 'a', cents: 5 });
    await pass(300);
    expect(await manager.get('a')).toMatchObject({ ended: true });
  });

  it('publishes again what the broker did not take, in order, and waits longer each time', async () => {
    const { bus, manager, sent, ids, pass } = await running({ retryMs: 1_000, pollMs: 50 });
    const waits: number[] = [];
    manager.on('publishFailed', ({ retryMs }) => void waits.push(retryMs));
    const publish = bus.publish.bind(bus);
    let down = true;
    bus.publish = ((...given: Parameters<typeof publish>) =>
      down && given[0].name !== 'orders.placed'
        ? Promise.reject(new Error('down'))
        : publish(...given)) as never;
    await publish(placed, { id: 'a', cents: 5 });
    await manager.handle('paid', { id: 'p', data: { order: 'a' } }).catch(() => {});
    await pass(100);
    await manager.handle('paid', { id: 'p', data: { order: 'a' } });
    await pass(3_500);
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    expect(sent).toEqual([]);
    down = false;
    await pass(5_000);
    expect(sent).toEqual(['charge a', 'ship a']);
    expect(new Set(ids).size).toBe(2);
  });

  it('does not publish or wake where another program does', async () => {
    const { bus, clock, manager, store, sent, pass } = await running({ relays: false });
    await bus.publish(placed, { id: 'a', cents: 5 });
    await pass(3_000);
    expect(sent).toEqual([]);
    const other = new ProcessManager({ process: order, bus, store, clock, pollMs: 100 });
    closings.unshift(async () => {
      const closed = other.close();
      await clock.advance(60_000);
      await closed;
    });
    await other.start();
    await pass(300);
    expect(sent).toEqual(['charge a', 'remind a']);
    expect(manager.snapshot().published).toBe(0);
  });

  it('forgets what ended long ago, and then a message starts anew', async () => {
    const { bus, manager, pass } = await running({ retentionMs: 5_000, purgeEveryMs: 1_000 });
    await bus.publish(placed, { id: 'a', cents: 5 });
    await bus.publish(paid, { order: 'a' });
    await pass(4_000);
    expect(await manager.get('a')).toMatchObject({ ended: true });
    await pass(3_000);
    expect(await manager.get('a')).toBeUndefined();
    await bus.publish(placed, { id: 'a', cents: 6 });
    await pass(100);
    expect(await manager.get('a')).toMatchObject({ version: 1, state: { cents: 6 } });
  });
});

/** A store in memory with a part of it replaced. */
function storeWith(change: (sound: ProcessStore) => Partial<ProcessStore>) {
  return (clock: VirtualClock): ProcessStore => {
    const sound = new InMemoryProcessStore({ clock });
    return { ...openStore(sound), ...change(sound) };
  };
}

describe('a process manager that is not alone', () => {
  it('tries again when another one was quicker, and sends what the last try decides', async () => {
    let others = 3;
    const { manager, sent, pass, told } = await running({
      store: storeWith(sound => ({
        commit: async change => {
          if (change.message !== 'm' || others-- <= 0) return sound.commit(change);
          const { saved } = await sound.load('order', 'a', undefined, 0);
          const next = { ...saved!, version: saved!.version + 1 };
          const nothing = { message: undefined, sends: [], schedule: [], cancel: [] };
          await sound.commit({ ...change, ...nothing, expected: saved!.version, next });
          return sound.commit(change);
        },
      })),
    });
    await manager.handle('placed', { id: '1', data: { id: 'a', cents: 5 } });
    const handled = manager.handle('paid', { id: 'm', data: { order: 'a' } });
    await pass(500);
    expect(await handled).toBe('handled');
    expect(await manager.get('a')).toMatchObject({ version: 5, ended: true });
    expect(sent).toEqual(['charge a', 'ship a']);
    expect(told.filter(each => each === 'conflict a')).toHaveLength(3);
  });

  it('gives up when others keep being quicker, and nothing is written', async () => {
    const { manager, pass } = await running({
      maxConflicts: 4,
      store: storeWith(() => ({ commit: async () => false })),
    });
    const handled = failure(manager.handle('placed', { id: '1', data: { id: 'a', cents: 5 } }));
    await pass(1_000);
    expect(await handled).toMatchObject({ code: 'ERR_PROCESS_CONFLICT', rejected: true });
    expect(manager.snapshot()).toMatchObject({ conflicts: 4, handled: 0 });
  });

  it('ignores a timeout that its process does not wait for', async () => {
    const stale = { key: 'a', name: 'unpaid', generation: 7 };
    const dropped: unknown[] = [];
    let once = true;
    const { manager, pass, told, sent } = await running({
      store: storeWith(sound => ({
        claimTimeouts: async (...given) => {
          const due = await sound.claimTimeouts(...given);
          if (!once) return due;
          once = false;
          return [...due, stale, { ...stale, key: 'nobody' }];
        },
        dropTimeout: async (_, timeout) => void dropped.push(timeout),
      })),
    });
    await manager.handle('placed', { id: '1', data: { id: 'a', cents: 5 } });
    await pass(500);
    expect(dropped).toEqual([stale, { ...stale, key: 'nobody' }]);
    expect(told.filter(each => each.startsWith('stale'))).toEqual(['stale a', 'stale nobody']);
    expect(sent).toEqual(['charge a']);
  });

  it('goes on when the store comes back', async () => {
    let down = true;
    const { manager, bus, sent, pass } = await running({
      store: storeWith(sound => ({
        claim: (...given) => (down ? Promise.reject(new Error('away')) : sound.claim(...given)),
      })),
    });
    const seen: unknown[] = [];
    manager.on('interrupted', ({ error }) => void seen.push((error as Error).message));
    await bus.publish(placed, { id: 'a', cents: 5 });
    await pass(450);
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.length).toBeLessThan(10);
    down = false;
    await pass(200);
    expect(sent).toEqual(['charge a']);
  });
});
