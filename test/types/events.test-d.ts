import { describe, expectTypeOf, it } from 'vitest';
import { Emitter, type EventNames, namesOf } from '../../src/kernel/events.js';

interface Events {
  opened: { readonly at: number };
  closed: undefined;
}

describe('the names of events', () => {
  it('are all of them, and no others', () => {
    expectTypeOf<EventNames<Events>>().toEqualTypeOf<Readonly<Record<'opened' | 'closed', true>>>();
    // @ts-expect-error one is missing: nobody could listen to it
    namesOf<Events>({ opened: true });
    // @ts-expect-error one is unknown
    namesOf<Events>({ opened: true, closed: true, ajar: true });
  });

  it('say nothing of which events they are', () => {
    const told: EventNames<Events> = { opened: true, closed: true };
    const emitter: Emitter<Events> = new Emitter(namesOf(told));
    expectTypeOf(emitter.has).parameter(0).toEqualTypeOf<'opened' | 'closed'>();
  });
});
