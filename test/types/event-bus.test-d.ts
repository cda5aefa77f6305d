import { describe, expectTypeOf, it } from 'vitest';
import { EventBus } from '../../src/events/event-bus.js';
import type { EventStream } from '../../src/events/event-stream.js';
import { Fallback } from '../../src/resilience/fallback.js';

interface Events {
  'order.placed': { id: string };
  'order.paid': { cents: number };
  'order.item.added': { sku: string };
  tick: undefined;
}
const bus = new EventBus<Events>();

describe('the types of a bus', () => {
  it('know what an event carries', () => {
    bus.on('order.placed', (payload, { name }) => {
      expectTypeOf(payload).toEqualTypeOf<{ id: string }>();
      expectTypeOf(name).toEqualTypeOf<'order.placed'>();
    });
    expectTypeOf(bus.emit('order.placed', { id: '1' })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(bus.emit('tick')).toEqualTypeOf<Promise<void>>();
    bus.emit('tick', undefined);
    // @ts-expect-error: no such event
    bus.emit('order.place', { id: '1' });
    // @ts-expect-error: another payload
    bus.emit('order.placed', { cents: 1 });
    // @ts-expect-error: no payload
    bus.emit('order.placed');
    // @ts-expect-error: a pattern is not emitted
    bus.emit('order.*', { id: '1' });
  });

  it('know what a pattern matches', () => {
    bus.on('order.*', (payload, { name }) => {
      expectTypeOf(payload).toEqualTypeOf<{ id: string } | { cents: number }>();
      expectTypeOf(name).toEqualTypeOf<'order.placed' | 'order.paid'>();
    });
    bus.on('order.>', (_, { name }) => {
      expectTypeOf(name).toEqualTypeOf<'order.placed' | 'order.paid' | 'order.item.added'>();
    });
    bus.on('*', payload => expectTypeOf(payload).toEqualTypeOf<undefined>());
    bus.on('>', (_, { name }) => expectTypeOf(name).toEqualTypeOf<keyof Events>());
    bus.on('order.*.added', ({ sku }) => expectTypeOf(sku).toEqualTypeOf<string>());
    // @ts-expect-error: matches nothing
    bus.on('orders.*', () => {});
    // @ts-expect-error: matches nothing, for it stands for at least one token
    bus.on('tick.>', () => {});
  });

  it('tell events apart by their name when they are read', async () => {
    const events = bus.iterate('order.*');
    expectTypeOf(events).toEqualTypeOf<
      EventStream<
        | { readonly name: 'order.placed'; readonly payload: { id: string } }
        | { readonly name: 'order.paid'; readonly payload: { cents: number } }
      >
    >();
    for await (const event of events) {
      if (event.name === 'order.paid') expectTypeOf(event.payload.cents).toEqualTypeOf<number>();
      // @ts-expect-error: not known yet
      event.payload.cents;
    }
    expectTypeOf(bus.once('order.paid', { where: ({ cents }) => cents > 1 })).resolves.toEqualTypeOf<{
      cents: number;
    }>();
  });

  it('take a policy of any kind', () => {
    bus.on('tick', () => {}, { policy: new Fallback({ value: null }) });
    // @ts-expect-error: no policy
    bus.on('tick', () => {}, { policy: () => {} });
  });

  it('take anything where no events are named', () => {
    const loose = new EventBus();
    loose.on('a.b', payload => expectTypeOf(payload).toEqualTypeOf<unknown>());
    loose.on('a.*', payload => expectTypeOf(payload).toEqualTypeOf<unknown>());
    expectTypeOf(loose.emit('whatever', 5)).toEqualTypeOf<Promise<void>>();
  });
});
