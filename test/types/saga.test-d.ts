import { describe, expectTypeOf, it } from 'vitest';
import type { StandardSchema } from '../../src/kernel/standard-schema.js';
import { defineSaga } from '../../src/saga/definition.js';
import { groupStep } from '../../src/saga/group-step.js';
import { SagaOrchestrator } from '../../src/saga/orchestrator.js';
import type { SagaStore } from '../../src/saga/saga-store.js';

declare const store: SagaStore;
declare const paid: StandardSchema<{ cents: string }, { cents: number }>;

const nothing = 'nothing' as const;

describe('the types of a saga', () => {
  it('give each step the input, and what the steps before it answer', () => {
    defineSaga<{ sku: string }>('order')
      .step('reserve', {
        forward: async ({ input, outputs }) => {
          expectTypeOf(input).toEqualTypeOf<{ sku: string }>();
          expectTypeOf(outputs).toEqualTypeOf<Readonly<object>>();
          return { id: input.sku, at: 5 };
        },
        compensate: ({ input, output, ran }) => {
          expectTypeOf(input).toEqualTypeOf<{ sku: string }>();
          // Nobody knows whether it ran.
          expectTypeOf(output).toEqualTypeOf<{ id: string; at: number } | undefined>();
          expectTypeOf(ran).toEqualTypeOf<boolean>();
        },
      })
      .step('note', { forward: () => {}, compensate: nothing })
      .parallel({
        charge: {
          forward: async ({ outputs, input }) => outputs.reserve.id === input.sku,
          compensate: ({ output }) => expectTypeOf(output).toBeUnknown(),
        },
        label: { forward: async () => 'label', compensate: nothing },
        none: { forward: () => {}, compensate: nothing },
      })
      .waitForEvent('paid', { schema: paid })
      .waitForEvent('seen')
      .step('last', {
        forward: ({ outputs }) => {
          expectTypeOf(outputs.reserve).toEqualTypeOf<{ id: string; at: number }>();
          expectTypeOf(outputs.note).toEqualTypeOf<undefined>();
          expectTypeOf(outputs.charge).toEqualTypeOf<boolean>();
          expectTypeOf(outputs.label).toEqualTypeOf<string>();
          expectTypeOf(outputs.none).toEqualTypeOf<undefined>();
          expectTypeOf(outputs.paid).toEqualTypeOf<{ cents: number }>();
          expectTypeOf(outputs.seen).toEqualTypeOf<unknown>();
          // @ts-expect-error: that is no step
          void outputs.lost;
        },
        compensate: nothing,
        after: ['reserve', 'paid'],
      });
  });

  it('tell a step of a group what itself has answered, where it says so', () => {
    defineSaga<{ sku: string }>('order')
      .step('reserve', { forward: () => ({ id: 'r' }), compensate: nothing })
      .parallel({
        charge: groupStep({
          forward: async ({ input, outputs, idempotencyKey }) => {
            expectTypeOf(input).toEqualTypeOf<{ sku: string }>();
            expectTypeOf(outputs).toEqualTypeOf<Readonly<object & { readonly reserve: { id: string } }>>();
            return { id: outputs.reserve.id, key: idempotencyKey };
          },
          compensate: ({ output, outputs }) => {
            expectTypeOf(output).toEqualTypeOf<{ id: string; key: string } | undefined>();
            expectTypeOf(outputs.reserve).toEqualTypeOf<{ id: string }>();
          },
          check: async () => ({ ran: true, output: { id: 'a', key: 'b' } }),
        }),
        label: groupStep({
          when: ({ outputs }) => outputs.reserve.id === 'r',
          forward: () => 'label',
          compensate: ({ output }) => expectTypeOf(output).toEqualTypeOf<string | undefined>(),
        }),
        note: { forward: () => {}, compensate: ({ output }) => expectTypeOf(output).toBeUnknown() },
      })
      .step('last', {
        forward: ({ outputs }) => {
          expectTypeOf(outputs.charge).toEqualTypeOf<{ id: string; key: string }>();
          expectTypeOf(outputs.label).toEqualTypeOf<string | undefined>();
          expectTypeOf(outputs.note).toEqualTypeOf<undefined>();
        },
        compensate: nothing,
      });
    // @ts-expect-error: a check finds out what the step answers
    groupStep({ forward: () => 1, compensate: nothing, check: () => ({ ran: true, output: 'a' }) });
    // @ts-expect-error: it begins with the others
    groupStep({ forward: () => 1, compensate: nothing, after: ['a'] });
    // @ts-expect-error: a date comes back as a text
    defineSaga('s').parallel({ a: groupStep({ forward: () => new Date(), compensate: nothing }) }).step;
  });

  it('know that a step which may not run may have answered nothing', () => {
    defineSaga<{ n: number }>('s')
      .step('a', { forward: () => 1, when: ({ input }) => input.n > 0, compensate: nothing })
      .step('b', { forward: () => {}, when: () => true, compensate: nothing })
      .step('c', {
        forward: () => 'c',
        when: ({ outputs }) => outputs.a === 1,
        compensate: ({ output }) => output?.length,
      })
      .parallel({
        d: { forward: async () => ({ id: 1 }), when: ({ outputs }) => outputs.a === 1, compensate: nothing },
        e: { forward: async () => ({ id: 1 }), compensate: nothing },
      })
      .waitForEvent('f', { schema: paid, timeoutMs: 5, onTimeout: 'continue' })
      .waitForEvent('g', { schema: paid, timeoutMs: 5, onTimeout: 'fail' })
      .pivot('p', { forward: () => 1 })
      .step('h', { forward: ({ outputs }) => outputs.p, when: () => false })
      .step('z', {
        forward: ({ outputs }) => {
          expectTypeOf(outputs.a).toEqualTypeOf<number | undefined>();
          expectTypeOf(outputs.b).toEqualTypeOf<undefined>();
          expectTypeOf(outputs.c).toEqualTypeOf<string | undefined>();
          expectTypeOf(outputs.d).toEqualTypeOf<{ id: number } | undefined>();
          expectTypeOf(outputs.e).toEqualTypeOf<{ id: number }>();
          expectTypeOf(outputs.f).toEqualTypeOf<{ cents: number } | undefined>();
          expectTypeOf(outputs.g).toEqualTypeOf<{ cents: number }>();
          expectTypeOf(outputs.p).toEqualTypeOf<number>();
          expectTypeOf(outputs.h).toEqualTypeOf<number | undefined>();
        },
      });
  });

  it('want to know how each step before the pivot is undone, and of none after it', () => {
    const saga = defineSaga('s');
    // @ts-expect-error: how is it undone?
    saga.step('a', { forward: () => 1 });
    // @ts-expect-error: nor beside others
    saga.parallel({ a: { forward: () => 1 } });
    // @ts-expect-error: that is no way
    saga.step('a', { forward: () => 1, compensate: 'everything' });
    const decided = saga
      .step('a', { forward: () => 1, compensate: nothing })
      .pivot('p', { forward: () => 2 });
    decided.step('b', { forward: ({ outputs }) => outputs.a + outputs.p });
    // @ts-expect-error: nothing is undone any more
    decided.step('b', { forward: () => 1, compensate: nothing });
    // @ts-expect-error: nor beside others
    decided.parallel({ b: { forward: () => 1, compensate: nothing } });
    // @ts-expect-error: it is decided
    decided.pivot('q', { forward: () => 2 });
    // @ts-expect-error: whether it is decided is no question
    saga.pivot('p', { forward: () => 2, when: () => true });
  });

  it('know the steps that can be waited for', () => {
    const saga = defineSaga('s').step('a', { forward: () => 1, compensate: nothing });
    saga.step('b', { forward: () => 1, compensate: nothing, after: ['a'] });
    // @ts-expect-error: there is no such step
    saga.step('b', { forward: () => 1, compensate: nothing, after: ['c'] });
  });

  it('tell of a step that is not waited for what it answers only when it has', () => {
    defineSaga<{ n: number }>('s')
      .step('a', { forward: () => 1, compensate: nothing })
      .step('b', {
        after: [],
        forward: ({ outputs }) => {
          expectTypeOf(outputs.a).toEqualTypeOf<number | undefined>();
          return 'b';
        },
        compensate: ({ outputs }) => expectTypeOf(outputs.a).toEqualTypeOf<number | undefined>(),
      })
      .step('c', {
        after: ['b'],
        when: ({ outputs }) => outputs.b === 'b',
        forward: async ({ outputs }) => {
          expectTypeOf(outputs.a).toEqualTypeOf<number | undefined>();
          expectTypeOf(outputs.b).toEqualTypeOf<string>();
          // @ts-expect-error: that is no step
          void outputs.lost;
          return true;
        },
        compensate: ({ output }) => expectTypeOf(output).toEqualTypeOf<boolean | undefined>(),
      })
      .pivot('p', {
        forward: ({ outputs }) => {
          expectTypeOf(outputs.a).toEqualTypeOf<number>();
          expectTypeOf(outputs.c).toEqualTypeOf<boolean | undefined>();
        },
      })
      .step('d', {
        // The pivot waits for all that stands before it.
        after: ['p'],
        forward: ({ outputs }) => {
          expectTypeOf(outputs.a).toEqualTypeOf<number>();
          expectTypeOf(outputs.b).toEqualTypeOf<string>();
        },
      });
  });

  it('let a saga answer with data only', () => {
    const saga = defineSaga('s');
    const undo = { compensate: nothing };
    saga.step('a', { forward: () => ({ list: [1, null], maybe: undefined }), ...undo }).step;
    // @ts-expect-error: a date comes back as a text
    saga.step('a', { forward: () => new Date(), ...undo }).step;
    // @ts-expect-error: also inside
    saga.step('a', { forward: () => ({ at: new Date() }), ...undo }).step;
    // @ts-expect-error: nobody can store what it does
    saga.step('a', { forward: () => () => 1, ...undo }).step;
    // @ts-expect-error: JSON has no such numbers
    saga.step('a', { forward: () => 1n, ...undo }).step;
    // @ts-expect-error: nor beside others
    saga.parallel({ a: { forward: () => new Date(), ...undo }, b: { forward: () => 1, ...undo } }).step;
    // @ts-expect-error: it would be empty
    saga.step('a', { forward: async () => new Map([[1, 2]]), ...undo }).step;
  });

  it('let a saga begin with what it was defined for', () => {
    const order = defineSaga<{ cents: number }>('order').step('a', {
      forward: () => 'A',
      compensate: nothing,
    });
    const checked = defineSaga('checked', { input: paid });
    const any = defineSaga('any').step('a', { forward: () => 1, compensate: nothing });
    const sagas = new SagaOrchestrator({ store, definitions: [order, checked, any] });
    expectTypeOf(sagas.run(order, { cents: 5 })).resolves.toEqualTypeOf<object & { readonly a: string }>();
    void sagas.run(any, 'whatever');
    // @ts-expect-error: cents are a number
    void sagas.run(order, { cents: '5' });
    // @ts-expect-error: they are missing
    void sagas.start(order, {});
    // @ts-expect-error: there is no such option
    void sagas.start(order, { cents: 5 }, { keys: 'k' });
    // @ts-expect-error: a store is more than that
    void new SagaOrchestrator({ store: {}, definitions: [order] });
    // @ts-expect-error: that is no definition
    void new SagaOrchestrator({ store, definitions: ['order'] });
  });

  it('give a saga within a saga what it begins with', () => {
    const inner = defineSaga<{ n: number }>('inner').step('x', { forward: () => true, compensate: nothing });
    const outer = defineSaga<{ n: number }>('outer');
    outer
      .saga('inner', inner, ({ input }) => input)
      .step('y', { forward: ({ outputs }) => outputs.inner.x, compensate: nothing });
    // @ts-expect-error: n is a number
    outer.saga('inner', inner, () => ({ n: '1' }));
  });
});
