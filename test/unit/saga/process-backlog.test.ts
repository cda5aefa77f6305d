import { afterEach, describe, expect, it } from 'vitest';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import { topic } from '../../../src/messaging/topic.js';
import { defineProcess } from '../../../src/saga/process-definition.js';
import { ProcessManager } from '../../../src/saga/process-manager.js';
import { InMemoryProcessStore } from '../../../src/saga/process-memory.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const asked = topic<{ key: string; sends: number }>('counters.asked');
const counted = topic<number>('counters.counted');

/** Sends as many as it is asked for. */
const counter = defineProcess({
  name: 'counter',
  receives: { asked },
  sends: { counted },
  timeouts: { more: 1_000 },
  initial: () => 0,
  correlate: ({ data }) => data.key,
  decide: (state, message) => {
    if (message.type === 'more') return { events: [1], send: [{ to: 'counted', data: state + 1 }] };
    const { sends } = message.data;
    const numbers = Array.from({ length: sends }, (_, at) => state + at + 1);
    const schedule = sends === 0 ? ({ more: true } as const) : {};
    return { events: [sends], send: numbers.map(data => ({ to: 'counted', data })), schedule };
  },
  evolve: (state, sends: number) => state + sends,
});

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

/** A broker that refuses all as long as `refuses` says so. */
async function scene(options: { readonly maxWaiting?: number } = {}) {
  const clock = new VirtualClock();
  const bus = new InMemoryBus({ clock });
  const store = new InMemoryProcessStore({ clock });
  const broker = { refuses: true, took: [] as number[] };
  bus.publish = (async (_: unknown, data: number) => {
    if (broker.refuses) throw new Error('no');
    broker.took.push(data);
  }) as never;
  const rules = { pollMs: 50, retryMs: 100, maxPublishTries: 1, leaseMs: 5_000, ...options };
  const manager = new ProcessManager({ process: counter, bus, store, clock, ...rules });
  const failed: unknown[] = [];
  manager.on('timeoutFailed', ({ error }) => void failed.push(error));
  await manager.start();
  closings.push(async () => {
    const closed = manager.close();
    await clock.advance(30_000);
    await closed;
  });
  let ids = 0;
  const ask = (key: string, sends: number) =>
    manager.handle('asked', { id: `m-${++ids}`, data: { key, sends } });
  return { broker, manager, store, failed, ask, pass: (ms: number) => clock.advance(ms) };
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

describe('a process whose commands nobody takes', () => {
  it('sends no more than may wait, and loses nothing of what it refused', async () => {
    const { ask, broker, manager, pass } = await scene({ maxWaiting: 3 });
    await ask('a', 2);
    await pass(200);
    expect((await manager.parked())[0]).toMatchObject({ key: 'a', waiting: 2 });
    // Not yet so many: one decision is taken whole.
    await ask('a', 3);
    await expect(ask('a', 1)).rejects.toMatchObject({
      code: 'ERR_PROCESS_BACKLOG',
      name: 'ProcessBacklogError',
      message: 'counter: "a" has 3 commands that wait to be published, `maxWaiting` is 3',
    });
    expect(await manager.get('a')).toMatchObject({ state: 5, version: 2 });
    // What sends nothing is heard, and so are others.
    expect(await ask('a', 0)).toBe('handled');
    expect(await ask('b', 9)).toBe('handled');
    broker.refuses = false;
    await manager.retryAllParked();
    await pass(200);
    expect(await ask('a', 1)).toBe('handled');
    await pass(200);
    expect(broker.took.sort((one, other) => one - other)).toEqual(
      [...numbers(6), ...numbers(9)].sort((a, b) => a - b),
    );
  });

  it('has its timeout again when there is room', async () => {
    const { ask, broker, manager, failed, pass } = await scene({ maxWaiting: 1 });
    await ask('a', 1);
    await ask('a', 0);
    await pass(3_000);
    expect(failed).toEqual([expect.objectContaining({ code: 'ERR_PROCESS_BACKLOG' })]);
    expect((await manager.get('a'))?.timeouts).toEqual(['more']);
    broker.refuses = false;
    await manager.retryAllParked();
    await pass(10_000);
    expect(broker.took).toEqual([1, 2]);
    expect((await manager.get('a'))?.timeouts).toEqual([]);
  });

  it('sends without end where that is wanted, and ten thousand where nobody says', async () => {
    const free = await scene({ maxWaiting: Infinity });
    for (let turn = 0; turn < 12; turn++) await free.ask('a', 1_000);
    const usual = await scene();
    for (let turn = 0; turn < 10; turn++) await usual.ask('a', 1_000);
    await expect(usual.ask('a', 1)).rejects.toMatchObject({ code: 'ERR_PROCESS_BACKLOG' });
    expect((await usual.manager.get('a'))?.state).toBe(10_000);
  });

  it.each([0, 1.5, Number.NaN, '3'])('refuses %s as the number that may wait', async maxWaiting => {
    const made = scene({ maxWaiting: maxWaiting as number });
    await expect(made).rejects.toThrow('ProcessManager: `maxWaiting` must be an integer >= 1');
  });
});
