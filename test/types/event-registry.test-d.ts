import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { EventBus } from '../../src/events/event-bus.js';
import { defineEvents, type EmittedOf, type EventsOf } from '../../src/events/event-registry.js';
import type { SchemaInput, SchemaOutput } from '../../src/kernel/standard-schema.js';

const V1 = z.object({ id: z.string() });
const V2 = z.object({ id: z.string(), currency: z.string().default('EUR') });
const V3 = z.object({ id: z.string(), money: z.object({ currency: z.string(), cents: z.number() }) });
const Paid = v.object({ cents: v.pipe(v.string(), v.transform(Number)) });
const Sent = type({ at: 'string' });

describe('the types of schemas', () => {
  it('are read of every library', () => {
    expectTypeOf<SchemaInput<typeof V2>>().toEqualTypeOf<{ id: string; currency?: string | undefined }>();
    expectTypeOf<SchemaOutput<typeof V2>>().toEqualTypeOf<{ id: string; currency: string }>();
    expectTypeOf<SchemaInput<typeof Paid>>().toEqualTypeOf<{ cents: string }>();
    expectTypeOf<SchemaOutput<typeof Paid>>().toEqualTypeOf<{ cents: number }>();
    expectTypeOf<SchemaOutput<typeof Sent>>().toEqualTypeOf<{ at: string }>();
  });
});

describe('the types of a registry', () => {
  const events = defineEvents(
    { 'order.placed': { 1: V1, 2: V2, 3: V3 }, 'order.paid': { 1: Paid }, 'order.sent': { 7: Sent } },
    {
      upcast: {
        'order.placed': {
          1: v1 => {
            expectTypeOf(v1).toEqualTypeOf<{ id: string }>();
            return { ...v1, currency: 'EUR' };
          },
          2: ({ id, currency = 'EUR' }) => ({ id, money: { currency, cents: 0 } }),
        },
      },
    },
  );

  it('are those of the current schemas', () => {
    expectTypeOf<EventsOf<typeof events>>().toEqualTypeOf<{
      'order.placed': { id: string; money: { currency: string; cents: number } };
      'order.paid': { cents: number };
      'order.sent': { at: string };
    }>();
    expectTypeOf<EmittedOf<typeof events>['order.paid']>().toEqualTypeOf<{ cents: string }>();
  });

  it('tell an event that was read by its name', () => {
    const event = events.decodeSync('order.paid', 1, {});
    if (event.type === 'order.paid') expectTypeOf(event.data).toEqualTypeOf<{ cents: number }>();
    // @ts-expect-error: not known yet
    event.data.cents;
    expectTypeOf(events.decode('order.paid', 1, {})).resolves.toEqualTypeOf<typeof event>();
  });

  it('are those of a bus that is made from it', () => {
    const bus = new EventBus({ registry: events });
    bus.on('order.paid', ({ cents }) => expectTypeOf(cents).toEqualTypeOf<number>());
    bus.on('order.*', (_, { name }) => {
      expectTypeOf(name).toEqualTypeOf<'order.placed' | 'order.paid' | 'order.sent'>();
    });
    bus.emit('order.paid', { cents: '5' });
    // @ts-expect-error: what is emitted is what the schema takes
    bus.emit('order.paid', { cents: 5 });
    // @ts-expect-error: no such event
    bus.on('order.lost', () => {});
  });
});

describe('what does not compile', () => {
  const step = (value: { id: string }) => value;

  it('is a gap between versions', () => {
    // @ts-expect-error: version 2 is missing
    defineEvents({ a: { 1: V1, 3: V3 } }, { upcast: { a: { 1: step } } });
    // @ts-expect-error: a version is a number
    defineEvents({ a: { one: V1 } });
    // @ts-expect-error: no version at all
    defineEvents({ a: {} });
  });

  it('is a missing upcaster, or one too many', () => {
    // @ts-expect-error: there is none
    defineEvents({ a: { 1: V1, 2: V2 } });
    // @ts-expect-error: there is none for the event
    defineEvents({ a: { 1: V1, 2: V2 } }, { upcast: {} });
    // @ts-expect-error: there is none from 2
    defineEvents({ a: { 1: V1, 2: V2, 3: V3 } }, { upcast: { a: { 1: step } } });
    // @ts-expect-error: nothing follows 2
    defineEvents({ a: { 1: V1, 2: V2 } }, { upcast: { a: { 1: step, 2: step } } });
    // @ts-expect-error: no such event
    defineEvents({ a: { 1: V1 } }, { upcast: { b: { 1: step } } });
  });

  it('is an upcaster that makes something else', () => {
    // @ts-expect-error: the money is missing
    defineEvents({ a: { 2: V2, 3: V3 } }, { upcast: { a: { 2: ({ id }) => ({ id }) } } });
    // @ts-expect-error: a promise is not made at once
    defineEvents({ a: { 1: V1, 2: V2 } }, { upcast: { a: { 1: async v1 => v1 } } });
  });

  it('is something else than a schema', () => {
    // @ts-expect-error: no schema
    defineEvents({ a: { 1: { id: 'string' } } });
  });
});

describe('long chains', () => {
  it('compile up to their bound', () => {
    const events = defineEvents({ a: { 998: V1, 999: V2 } }, { upcast: { a: { 998: v => v } } });
    expectTypeOf<EventsOf<typeof events>['a']>().toEqualTypeOf<{ id: string; currency: string }>();
  });
});
