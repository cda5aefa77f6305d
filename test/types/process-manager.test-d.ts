import { describe, expectTypeOf, it } from 'vitest';
import { InMemoryBus } from '../../src/messaging/in-memory-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { defineProcess } from '../../src/saga/process-definition.js';
import { ProcessManager } from '../../src/saga/process-manager.js';
import { InMemoryProcessStore } from '../../src/saga/process-memory.js';

const placed = topic<{ id: string }>('orders.placed');
const charge = topic<{ order: string }>('payments.charge');

const parts = {
  name: 'order',
  receives: { placed },
  sends: { charge },
  timeouts: { unpaid: 1 },
  initial: () => ({ n: 0 }),
  evolve: (state: { n: number }, event: { readonly was: 'up' }) => ({ n: state.n + event.was.length }),
} as const;

describe('the types of a process', () => {
  it('know messages, commands, timeouts and events by their names', () => {
    const order = defineProcess({
      ...parts,
      correlate: ({ data }) => data.id,
      decide: (_, message) => {
        if (message.type === 'unpaid') return { cancel: ['unpaid'], end: true };
        const order: string = message.data.id;
        return { events: [{ was: 'up' }], send: [{ to: 'charge', data: { order } }] };
      },
    });
    const bus = new InMemoryBus();
    const manager = new ProcessManager({ process: order, bus, store: new InMemoryProcessStore() });
    void manager.handle('placed', { id: '1', data: { id: 'a' } });
    // @ts-expect-error: a timeout does not come from outside
    void manager.handle('unpaid', { id: '1', data: undefined });
    void manager.get('a').then(found => found?.state.n.toFixed());
  });

  it('refuse what is not of the definition', () => {
    const correlate = () => 'a';
    // @ts-expect-error: it sends to no such topic
    defineProcess({ ...parts, correlate, decide: () => ({ send: [{ to: 'ship', data: { order: '' } }] }) });
    // @ts-expect-error: the topic takes other data
    defineProcess({ ...parts, correlate, decide: () => ({ send: [{ to: 'charge', data: { id: '' } }] }) });
    // @ts-expect-error: it has no such timeout
    defineProcess({ ...parts, correlate, decide: () => ({ schedule: { later: true } }) });
    // @ts-expect-error: nothing evolves by such an event
    defineProcess({ ...parts, correlate, decide: () => ({ events: [{ was: 'down' }] }) });
    // @ts-expect-error: only what it receives can start it
    defineProcess({ ...parts, correlate, decide: () => undefined, startedBy: ['unpaid'] });
  });

  it('take what is written in a decision as it is written, however deep', () => {
    interface Line {
      readonly kind: 'goods' | 'gift';
      readonly tags: string[];
    }
    const bill = topic<{ id: string & { readonly brand: 'id' }; how: 'card' | 'cash'; lines: Line[] }>(
      'bill',
    );
    const note = topic<unknown>('note');
    type Happened = { readonly type: 'placed'; readonly lines: readonly Line[] } | { readonly type: 'paid' };
    const id = 'a' as string & { readonly brand: 'id' };
    const state = { ...parts, receives: { placed, charge }, sends: { bill, note } } as const;
    const evolve = (was: { n: number }, event: Happened) => ({ n: was.n + event.type.length });
    const correlate = () => 'a';
    defineProcess({
      ...state,
      evolve,
      correlate,
      decide: (was, message) => {
        expectTypeOf(was).toEqualTypeOf<{ n: number }>();
        if (message.type === 'charge') return { events: [{ type: 'paid' }], cancel: ['unpaid'], end: true };
        const lines = [{ kind: 'gift', tags: ['a'] }] as const;
        return {
          events: [{ type: 'placed', lines: [{ kind: 'goods', tags: [] }] }],
          send: [
            { to: 'bill', data: { id, how: 'card', lines: [{ kind: 'goods', tags: ['a'] }] } },
            { to: 'bill', data: { id, how: was.n > 1 ? 'cash' : 'card', lines } },
            { to: 'note', data: { any: ['thing'] } },
          ],
          schedule: { unpaid: 5 },
        };
      },
    });
    const whole = { ...state, evolve, correlate };
    defineProcess({
      ...whole,
      // @ts-expect-error: nobody pays so
      decide: () => ({ send: [{ to: 'bill', data: { id, how: 'gold', lines: [] } }] }),
    });
    defineProcess({
      ...whole,
      // @ts-expect-error: there is no such kind
      decide: () => ({ events: [{ type: 'placed', lines: [{ kind: 'x', tags: [] }] }] }),
    });
    // @ts-expect-error: lines are missing
    defineProcess({ ...whole, decide: () => ({ send: [{ to: 'bill', data: { id, how: 'card' } }] }) });
  });
});
