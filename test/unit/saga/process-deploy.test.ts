import { afterEach, describe, expect, it } from 'vitest';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import { topic } from '../../../src/messaging/topic.js';
import { defineProcess } from '../../../src/saga/process-definition.js';
import { ProcessManager } from '../../../src/saga/process-manager.js';
import { InMemoryProcessStore } from '../../../src/saga/process-memory.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const placed = topic<{ id: string; cents: number }>('orders.placed');
const charge1 = topic<{ cents: number }>('payments.charge');
const charge2 = topic<{ euros: number }>('payments.charge', {
  version: 2,
  upcast: { 1: ({ cents }: { cents: number }) => ({ euros: cents / 100 }) },
});
/** The next one, which takes nothing that it does not know. */
const strict = {
  ...{ name: charge2.name, version: 2, oldest: 1 },
  check: (data: { euros: number }) => {
    if (typeof data.euros !== 'number') throw new TypeError('no euros');
  },
  keyOf: () => undefined,
  read: (data: unknown, version: number) => charge2.read(data, version),
  describe: () => charge2.describe(),
};

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

function deployed() {
  const clock = new VirtualClock();
  const bus = new InMemoryBus({ clock });
  const store = new InMemoryProcessStore({ clock });
  const got: unknown[] = [];
  bus.subscribe(charge2, { group: 'bank' }, ({ data, version }) => void got.push([version, data]));
  const manager = (charge: unknown, decide: (cents: number) => unknown, relays: boolean) => {
    const process = defineProcess({
      ...{ name: 'order', receives: { placed }, sends: { charge } as never },
      initial: () => ({}),
      correlate: ({ data }) => data.id,
      decide: (_, { data }) => ({ send: [{ to: 'charge', data: decide(data.cents) }] }) as never,
      evolve: state => state,
    });
    const made = new ProcessManager({ process, bus, store, clock, relays, pollMs: 100 });
    closings.push(async () => {
      const closed = made.close();
      await clock.advance(10_000);
      await closed;
    });
    return made;
  };
  closings.push(async () => {
    const closed = bus.close();
    await clock.advance(10_000);
    await closed;
  });
  return { clock, got, manager };
}

describe('a command that waits while another version of the program comes', () => {
  const before = (cents: number) => ({ cents });
  const after = (cents: number) => ({ euros: cents / 100 });
  const message = { id: 'm', data: { id: 'o', cents: 500 } };

  it.each([
    ['charge2', charge2],
    ['a topic that checks', strict],
  ])('is published as what it was decided to be: %s', async (_, next) => {
    const { clock, got, manager } = deployed();
    await manager(charge1, before, false).handle('placed', message);
    const relay = manager(next, after, true);
    await relay.start();
    await clock.advance(1_000);
    expect(got).toEqual([[1, { euros: 5 }]]);
    expect(relay.snapshot()).toMatchObject({ published: 1, parked: 0 });
  });

  it('is so too where a program publishes it that is older than the one that decided', async () => {
    const { clock, got, manager } = deployed();
    await manager(charge2, after, false).handle('placed', message);
    const relay = manager(charge1, before, true);
    await relay.start();
    await clock.advance(1_000);
    expect(got).toEqual([[2, { euros: 5 }]]);
  });
});
