import { describe, expect, it } from 'vitest';
import { topic } from '../../../src/messaging/topic.js';
import { defineProcess } from '../../../src/saga/process-definition.js';
import { ProcessManager } from '../../../src/saga/process-manager.js';
import { InMemoryProcessStore } from '../../../src/saga/process-memory.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { openStore } from '../../fixtures/process-store.js';
import { order, orders } from '../../fixtures/processes.js';

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('what a process decides', () => {
  const go = topic<{ key: string; what?: unknown }>('test.go');
  const out = topic<{ n: number }>('test.out');
  const checked = topic<{ n: number }>('test.checked');
  const never = { ...checked, name: 'test.checked', check: () => Promise.reject(new Error('not so')) };
  const long = topic<{ n: number }>('test.long', { key: () => 'k'.repeat(256) });
  const deciding = (decided: unknown, more: object = {}, rules: object = {}) => {
    const { bus, store, clock } = orders();
    const definition = {
      ...{ name: 'test', receives: { go }, sends: { out, never, long }, timeouts: { later: 10 } },
      initial: () => ({}),
      correlate: ({ data }: { data: { key: string } }) => data.key,
      decide: () => decided,
      evolve: (_: unknown, event: unknown) => event,
      ...more,
    };
    const options = { process: defineProcess(definition as never), bus, store, clock, ...rules };
    const manager = new ProcessManager(options as never);
    return { manager, store, handle: () => manager.handle('go' as never, { id: '1', data: { key: 'k' } }) };
  };

  it.each<[string, unknown, RegExp]>([
    ['a promise', Promise.resolve({}), /`decide` must return a decision at once, or nothing, got a promise/],
    ['a text', 'end', /`decide` must return a decision at once, or nothing, got "end"/],
    ['an unknown part', { sends: [] }, /a decision must be of events, send, .*, got "sends"/],
    ['no list of events', { events: {} }, /`events` must be an array/],
    ['no list of commands', { send: { to: 'out' } }, /`send` must be an array/],
    ['a half end', { end: 1 }, /`end` must be true or false, got 1/],
    ['an unknown timeout', { schedule: { soon: 5 } }, /timeouts must be of the definition, got "soon"/],
    ['an unknown timeout to stop', { cancel: ['soon'] }, /timeouts must be of the definition, got "soon"/],
    [
      'a span that is none',
      { schedule: { later: -1 } },
      /`schedule.later` must be true or a number >= 0, got -1/,
    ],
    ['a command of nothing', { send: [null] }, /a command must be an object, got null/],
    ['an unknown topic', { send: [{ to: 'toString', data: 1 }] }, /`to` must be of `sends`, got "toString"/],
    [
      'what JSON does not hold',
      { send: [{ to: 'out', data: { n: 1n } }] },
      /sent to "out" must be JSON data/,
    ],
    [
      'a command with an unknown part',
      { send: [{ to: 'out', data: { n: 1 }, delayMs: 5 }] },
      /a command must be of to, data, key, headers, got "delayMs"/,
    ],
    [
      'a key that is none',
      { send: [{ to: 'out', data: { n: 1 }, key: '' }] },
      /the key of what is sent to "out" must be 1 to 255 characters, got ""/,
    ],
    [
      'a key that is a number',
      { send: [{ to: 'out', data: { n: 1 }, key: 7 }] },
      /must be 1 to 255 characters, got 7/,
    ],
    [
      'a long key of the topic',
      { send: [{ to: 'long', data: { n: 1 } }] },
      /sent to "long" must be 1 to 255 characters, got "k/,
    ],
    [
      'a list of headers',
      { send: [{ to: 'out', data: { n: 1 }, headers: ['a'] }] },
      /the headers of what is sent to "out" must be texts under names of a-z 0-9 -, got an object/,
    ],
    [
      'a header of a number',
      { send: [{ to: 'out', data: { n: 1 }, headers: { a: 1n } }] },
      /the headers of what is sent to "out" must be .* "a"/,
    ],
    [
      'a header of another name',
      { send: [{ to: 'out', data: { n: 1 }, headers: { 'A b': '' } }] },
      /the headers of what is sent to "out" must be .* "A b"/,
    ],
    ['a state that JSON does not hold', { events: [new Date(0)] }, /the state must be JSON data/],
    ['a state of nothing', { events: [undefined] }, /the state must be JSON data, got undefined/],
  ])('is refused when it is %s, and nothing is written', async (_, decided, message) => {
    const { handle, store } = deciding(decided);
    const error = await failure(handle());
    expect(error).toMatchObject({ code: 'ERR_PROCESS_DECISION' });
    expect((error as Error).message).toMatch(message);
    expect(await store.load('test', 'k', '1', 9)).toEqual({ saved: undefined, seen: false, waiting: 0 });
  });

  it('is bounded', async () => {
    const many = deciding(
      { send: Array.from({ length: 3 }, () => ({ to: 'out', data: { n: 1 } })) },
      {},
      { maxSends: 2 },
    );
    expect((await failure(many.handle())) as Error).toMatchObject({
      message: 'test: at "go", `send` must have at most 2, got 3',
    });
    const large = deciding({ events: ['€€€'] }, {}, { maxStateBytes: 10 });
    expect((await failure(large.handle())) as Error).toMatchObject({
      message: 'test: at "go", the state must have at most 10 bytes, got 11',
    });
  });

  it('is asked of its topics before it is written', async () => {
    const { handle, store } = deciding({ send: [{ to: 'never', data: { n: 1 } }] });
    expect(await failure(handle())).toMatchObject({ message: 'not so' });
    expect(await store.load('test', 'k', '1', 9)).toEqual({ saved: undefined, seen: false, waiting: 0 });
  });

  it('lets what its functions throw pass', async () => {
    for (const thrown of [new Error('mine'), undefined, 'text']) {
      const throws = () => {
        throw thrown;
      };
      for (const part of ['decide', 'evolve', 'initial'] as const) {
        const { handle } = deciding({ events: [1] }, { [part]: throws });
        expect(await failure(handle())).toBe(thrown);
      }
    }
  });

  it.each([['' as unknown], ['x'.repeat(256)], [7], [null]])('needs a key that is one: %o', async key => {
    const { manager } = deciding({}, { correlate: () => key });
    const handled = manager.handle('go' as never, { id: '1', data: 0 });
    expect(await failure(handled)).toMatchObject({ code: 'ERR_PROCESS_DECISION' });
  });

  it('may be nothing: where there is no process none begins', async () => {
    const { handle, store, manager } = deciding(undefined);
    expect(await handle()).toBe('ignored');
    expect(await store.load('test', 'k', '1', 9)).toEqual({ saved: undefined, seen: false, waiting: 0 });
    expect(manager.snapshot().ignored).toBe(1);
  });
});

describe('a process manager', () => {
  const base = () => {
    const clock = new VirtualClock();
    return { process: order, bus: orders().bus, store: new InMemoryProcessStore({ clock }), clock };
  };

  it('describes itself', () => {
    expect(new ProcessManager(base()).describe()).toEqual({
      ...{ kind: 'process-manager', process: 'order', receives: ['orders.placed', 'payments.paid'] },
      sends: ['payments.charge', 'shipping.ship', 'mail.remind'],
      timeouts: { unpaid: 1_000 },
      ...ProcessManager.defaults,
    });
  });

  it('starts once', async () => {
    const manager = new ProcessManager(base());
    await manager.start();
    await expect(manager.start()).rejects.toThrow('order: start: it must be idle, is running');
    await manager.close();
    await expect(manager.start()).rejects.toThrow('it must be idle, is closed');
  });

  it('stops all that it does when a subscription cannot be closed, and says so', async () => {
    const { bus, store, clock, process } = base();
    const gone = new Error('the broker is gone');
    let asked = 0;
    const counting = openStore(store, (method, work) => {
      if (method === 'claim') asked++;
      return work();
    });
    const subscribe = () => ({ ready: Promise.resolve(), close: () => Promise.reject(gone) });
    const halting = { publish: bus.publish.bind(bus), subscribe };
    const manager = new ProcessManager({ process, bus: halting, store: counting, clock } as never);
    await manager.start();
    await clock.advance(2_000);
    expect(asked).toBeGreaterThan(2);
    expect(await failure(manager.close())).toBe(gone);
    const before = asked;
    await clock.advance(10_000);
    expect(asked).toBe(before);
  });

  it.each<[object, string]>([
    [{ bus: {} }, 'ProcessManager: `bus` must be a MessageBus'],
    [{ store: {} }, 'ProcessManager: `store` must be a ProcessStore with load'],
    [{ subscribe: 1 }, 'ProcessManager: `subscribe` must be the options of the subscriptions, got 1'],
    [{ subscribe: { group: 'x' } }, 'ProcessManager: `subscribe.group` must be left out'],
    [{ relays: 0 }, 'ProcessManager: `relays` must be true or false'],
    [{ batch: 0 }, 'ProcessManager: `batch` must be an integer >= 1'],
    [{ leaseMs: 1 }, 'ProcessManager: `leaseMs` must be a number >= 10'],
    [{ purgeEveryMs: 0 }, 'ProcessManager: `purgeEveryMs` must be a number > 0'],
    [{ process: { ...order, name: 'a b' } }, 'defineProcess: `name` must be a name of A-Z'],
    [{ group: 'x' }, 'ProcessManager: unknown option `group`'],
  ])('refuses %o', (options, message) => {
    expect(() => new ProcessManager({ ...base(), ...options } as never)).toThrow(message);
  });

  it.each<[object, string]>([
    [{ receives: {} }, '`receives` must be at least one topic'],
    [{ receives: { placed: {} } }, '`receives.placed` must be a topic'],
    [{ sends: 1 }, '`sends` must be an object of topics, got 1'],
    [{ timeouts: { placed: 1 } }, '`timeouts` must be of other names than `receives`, got "placed"'],
    [{ timeouts: { unpaid: -1 } }, '`timeouts.unpaid` must be a number >= 0'],
    [{ startedBy: [] }, '`startedBy` must be names of `receives`, at least one'],
    [{ startedBy: ['unpaid'] }, '`startedBy` must be names of `receives`, got "unpaid"'],
    [{ decide: 1 }, '`decide` must be a function, got 1'],
    [{ decides: 1 }, 'unknown option `decides`'],
  ])('is not made of a definition with %o', (options, message) => {
    expect(() => defineProcess({ ...order, ...options } as never)).toThrow(`defineProcess: ${message}`);
  });
});
