import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { EventBus } from '../../../src/events/event-bus.js';
import { defineEvents, EventRegistry } from '../../../src/events/event-registry.js';
import type { StandardResult, StandardSchema } from '../../../src/kernel/standard-schema.js';

const V1 = z.object({ id: z.string() });
const V2 = z.object({ id: z.string(), currency: z.string() });
const V3 = z.object({ id: z.string(), money: z.object({ currency: z.string(), cents: z.number().int() }) });

const registry = (newer?: 'reject' | 'pass') =>
  defineEvents(
    { 'order.placed': { 1: V1, 2: V2, 3: V3 }, 'order.paid': { 1: z.object({ cents: z.number() }) } },
    {
      upcast: {
        'order.placed': {
          1: v1 => ({ ...v1, currency: 'EUR' }),
          2: ({ id, currency }) => ({ id, money: { currency, cents: 0 } }),
        },
      },
      ...(newer === undefined ? {} : { newer }),
    },
  );
const schemaOf = (validate: (value: unknown) => StandardResult<unknown> | Promise<StandardResult<unknown>>) =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as StandardSchema<unknown, unknown>;
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    error => error as unknown,
  );
const thrown = (work: () => unknown) => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('decode', () => {
  const current = { id: 'o-1', money: { currency: 'EUR', cents: 0 } };

  it.each([
    [1, { id: 'o-1' }],
    [2, { id: 'o-1', currency: 'EUR' }],
    [3, current],
  ])('reads version %d through all upcasters that follow', async (version, data) => {
    const wanted = { type: 'order.placed', version, data: current };
    expect(await registry().decode('order.placed', version, data)).toEqual(wanted);
    expect(registry().decodeSync('order.placed', version, data)).toEqual(wanted);
  });

  it('judges by the current schema, and tells where what is wrong', async () => {
    const error = await failure(registry().decode('order.placed', 3, { id: 5, money: { currency: 'EUR' } }));
    expect(error).toMatchObject({
      code: 'ERR_INVALID_EVENT',
      name: 'InvalidEventError',
      type: 'order.placed',
      version: 3,
      issues: [
        { path: 'id', message: expect.any(String) },
        { path: 'money.cents', message: expect.any(String) },
      ],
    });
    expect(String(error)).toMatch(/^InvalidEventError: event "order.placed", version 3: id: .*; .*$/);
  });

  it.each<[string, number, string]>([
    ['order.lost', 1, 'no such event is defined'],
    ['__proto__', 1, 'no such event is defined'],
    ['order.placed', 0, '`version` must be an integer >= 1, got 0'],
    ['order.placed', 1.5, '`version` must be an integer >= 1, got 1.5'],
    ['order.placed', '1' as unknown as number, '`version` must be an integer >= 1, got 1'],
    ['order.placed', 4, 'version 4 is newer than the newest known, 3'],
  ])('refuses %s of version %j', async (name, version, message) => {
    const error = await failure(registry().decode(name, version, {}));
    expect(error).toMatchObject({ code: 'ERR_INVALID_EVENT', type: name, issues: [{ path: '', message }] });
    expect(thrown(() => registry().decodeSync(name, version, {}))).toMatchObject({
      code: 'ERR_INVALID_EVENT',
    });
  });

  it('lets a newer version pass, when told so, if the current schema takes it', async () => {
    const data = { ...current, voucher: 'x' };
    expect(await registry('pass').decode('order.placed', 9, data)).toEqual({
      type: 'order.placed',
      version: 9,
      data: current,
    });
    expect(await failure(registry('pass').decode('order.placed', 9, { id: 1 }))).toMatchObject({
      code: 'ERR_INVALID_EVENT',
      version: 9,
    });
  });

  it('refuses what is older than its oldest version', async () => {
    const events = defineEvents({ a: { 3: V1, 4: V1 } }, { upcast: { a: { 3: x => x } } });
    expect(await failure(events.decode('a', 2, { id: '' }))).toMatchObject({
      issues: [{ message: 'version 2 is older than the oldest known, 3' }],
    });
    expect((await events.decode('a', 3, { id: '' })).data).toEqual({ id: '' });
  });

  it('tells of upcasters and schemas that fail', async () => {
    const boom = new Error('boom');
    const failing = (schema: StandardSchema<unknown, unknown>) =>
      defineEvents(
        { a: { 1: V1, 2: schema } },
        {
          upcast: {
            a: {
              1: v1 => {
                if (v1.id === 'throws') throw boom;
                return v1.id === 'later' ? Promise.reject(boom) : v1;
              },
            },
          },
        },
      );
    const fine = failing(schemaOf(value => ({ value })));
    const message = 'the upcaster from version 1 failed';
    const error = await failure(fine.decode('a', 1, { id: 'throws' }));
    expect(error).toMatchObject({ code: 'ERR_INVALID_EVENT', cause: boom, issues: [{ message }] });
    expect(await failure(fine.decode('a', 1, null))).toMatchObject({ cause: { name: 'TypeError' } });
    expect(await failure(fine.decode('a', 1, { id: 'later' }))).toMatchObject({
      issues: [{ message: 'the upcaster from version 1 returned a promise' }],
    });
    const throwing = () => {
      throw boom;
    };
    for (const validate of [throwing, () => Promise.reject(boom)]) {
      const bad = failing(schemaOf(validate));
      const error = await failure(bad.decode('a', 2, {}));
      expect(error).toMatchObject({ cause: boom, issues: [{ message: 'the schema failed' }] });
    }
  });

  it('waits for asynchronous schemas, which decodeSync cannot', async () => {
    const Short = z.string().refine(async text => text.length < 5, 'too long');
    const events = defineEvents({ a: { 1: schemaOf(value => Short['~standard'].validate(value)) } });
    expect((await events.decode('a', 1, 'abc')).data).toBe('abc');
    expect(await failure(events.decode('a', 1, 'abcdef'))).toMatchObject({
      issues: [{ path: '', message: 'too long' }],
    });
    expect(() => events.decodeSync('a', 1, 'abcdef')).toThrow(
      /the schema of "a" is asynchronous; use decode/,
    );
  });

  it('tells a bounded number of issues, each of bounded length', async () => {
    const issues = Array.from({ length: 500 }, (_, i) => ({
      message: 'x'.repeat(10_000),
      path: ['items', i, { key: Symbol('s') }, ...Array(200).fill('deep')],
    }));
    const events = defineEvents({ a: { 1: schemaOf(() => ({ issues })) } });
    const error = (await failure(events.decode('a', 1, {}))) as Error & { issues: { path: string }[] };
    expect(error.issues).toHaveLength(20);
    expect(error.issues[3]!.path).toMatch(/^items\[3\]\.Symbol\(s\)\.deep\.deep/);
    expect(JSON.stringify(error.issues).length).toBeLessThan(15_000);
    expect(error.message.length).toBeLessThan(1000);
    expect(error.message).toContain('; and 499 more');
    const silent = defineEvents({ a: { 1: schemaOf(() => ({ issues: [] })) } });
    expect(String(await failure(silent.decode('a', 1, {})))).toContain('the schema does not say why');
    expect(String(await failure(silent.decode('x'.repeat(100_000), 1, {}))).length).toBeLessThan(500);
  });
});

describe('schemas of any library', () => {
  const libraries = {
    zod: z.object({ id: z.string(), at: z.string().transform(text => text.length) }),
    valibot: v.object({
      id: v.string(),
      at: v.pipe(
        v.string(),
        v.transform(text => text.length),
      ),
    }),
    arktype: type({ id: 'string', at: 'string' }).pipe(({ id, at }) => ({ id, at: at.length })),
  } as const;

  it.each(Object.entries(libraries))('validate and transform: %s', async (_name, schema) => {
    const events = defineEvents({ sent: { 1: schema as StandardSchema<unknown, unknown> } });
    expect((await events.decode('sent', 1, { id: 'a', at: 'xyz' })).data).toEqual({ id: 'a', at: 3 });
    expect(events.validate('sent', { id: 'a', at: 'xyz' })).toEqual({ id: 'a', at: 3 });
    const error = await failure(events.decode('sent', 1, { id: 7, at: 'xyz' }));
    expect(error).toMatchObject({ code: 'ERR_INVALID_EVENT', issues: [{ path: 'id' }] });
  });
});

describe('a bus made from a registry', () => {
  it('hands on what the schema made, and tells nobody of what it refuses', async () => {
    const events = defineEvents({ a: { 1: z.object({ n: z.string().transform(Number) }) } });
    const bus = new EventBus({ registry: events });
    const heard = vi.fn();
    bus.on('>', heard);
    await bus.emit('a', { n: '7' });
    bus.emitSync('a', { n: '8' });
    expect(heard.mock.calls.map(([payload]) => payload as unknown)).toEqual([{ n: 7 }, { n: 8 }]);
    const wrong = { n: 7 } as unknown as { n: string };
    expect(await failure(bus.emit('a', wrong))).toMatchObject({
      code: 'ERR_INVALID_EVENT',
      type: 'a',
      version: undefined,
    });
    expect(thrown(() => bus.emitSync('a', wrong))).toMatchObject({ code: 'ERR_INVALID_EVENT' });
    expect(heard).toHaveBeenCalledTimes(2);
    expect(bus.describe().events).toEqual(['a']);
  });

  it('knows all names', async () => {
    const bus = new EventBus<Record<string, unknown>>({
      registry: registry() as EventRegistry<object> as never,
    });
    expect(await failure(bus.emit('order.lost', {}))).toMatchObject({
      message: 'emit: `name` must be an event of the registry, got "order.lost"',
    });
    expect(() => bus.on('orders.*', () => {})).toThrow(
      'on: `pattern` must be one that matches an event of the registry, got "orders.*"',
    );
    expect(() => bus.on('order.*', () => {})).not.toThrow();
  });

  it('waits for asynchronous schemas', async () => {
    const check = schemaOf(async value => (value === 1 ? { value } : { issues: [{ message: 'no' }] }));
    const bus = new EventBus({ registry: defineEvents({ a: { 1: check } }) });
    const heard = vi.fn();
    bus.on('a', heard);
    await bus.emit('a', 1);
    expect(heard).toHaveBeenCalledExactlyOnceWith(1, expect.anything());
    expect(await failure(bus.emit('a', 2))).toMatchObject({ code: 'ERR_INVALID_EVENT' });
    expect(() => bus.emitSync('a', 2)).toThrow(/"a" is validated asynchronously; use emit/);
  });
});

describe('what is told of a registry', () => {
  it('says which events and versions there are', () => {
    const events = registry();
    expect(events.names).toEqual(['order.placed', 'order.paid']);
    expect([events.has('order.paid'), events.has('toString')]).toEqual([true, false]);
    expect(events.currentVersion('order.placed')).toBe(3);
    expect(events.versions('order.placed')).toEqual([1, 2, 3]);
    expect(events.schema('order.placed')).toBe(V3);
    expect(events.schema('order.placed', 1)).toBe(V1);
    expect(() => events.schema('order.placed', 4)).toThrow(/no version 4/);
    expect(EventRegistry.defaults).toEqual({ newer: 'reject' });
    expect(events.describe()).toEqual({
      kind: 'event-registry',
      newer: 'reject',
      events: { 'order.placed': { oldest: 1, current: 3 }, 'order.paid': { oldest: 1, current: 1 } },
    });
  });
});

describe('mistakes', () => {
  const step = () => ({});
  it.each<[unknown, unknown, RegExp]>([
    [5, {}, /`events` must be an object, got 5/],
    [{ 'a b': { 1: V1 } }, {}, /`events` must be named by dot separated tokens .*, got "a b"/],
    [{ a: [V1] }, {}, /`a` must be an object, got an object/],
    [{ a: {} }, {}, /`a` must be an object with a schema for each version/],
    [{ a: { 0: V1 } }, {}, /`a.0` must be a version, an integer from 1 to 999, got "0"/],
    [{ a: { 1000: V1 } }, {}, /`a.1000` must be a version/],
    [{ a: { '01': V1 } }, {}, /`a.01` must be a version/],
    [{ a: { 1: { type: 'object' } } }, {}, /`a.1` must be a schema that speaks Standard Schema, version 1/],
    [{ a: { 1: null } }, {}, /`a.1` must be a schema .*, got null/],
    [
      { a: { 1: V1, 3: V1 } },
      { upcast: { a: { 1: step, 2: step } } },
      /`a` must be without a gap: version 2 is/,
    ],
    [
      { a: { 1: V1, 2: V1 } },
      {},
      /`upcast.a.1` must be a function that makes version 2 of version 1, got und/,
    ],
    [{ a: { 1: V1, 2: V1 } }, { upcast: { a: { 1: 5 } } }, /`upcast.a.1` must be a function .*, got 5/],
    [
      { a: { 1: V1 } },
      { upcast: { a: { 1: step } } },
      /`upcast.a.1` must be left out: there is no version after 1/,
    ],
    [{ a: { 1: V1 } }, { upcast: { b: {} } }, /`upcast` must be about events that are defined, got "b"/],
    [{ a: { 1: V1 } }, { upcast: { a: 5 } }, /`upcast.a` must be an object, got 5/],
    [{ a: { 1: V1 } }, { upcast: null }, /`upcast` must be an object, got null/],
    [{ a: { 1: V1 } }, { newer: 'drop' }, /`newer` must be 'reject' or 'pass', got "drop"/],
    [{ a: { 1: V1 } }, { upcasts: {} }, /unknown option `upcasts`; known are upcast, newer/],
  ])('are refused: %o, %o', (definitions, options, message) => {
    const define = defineEvents as unknown as (definitions: unknown, options: unknown) => unknown;
    expect(() => define(definitions, options)).toThrow(message);
  });

  it('are too many events', () => {
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`e${i}`, { 1: V1 }]));
    expect(() => defineEvents(many as object as { e: { 1: typeof V1 } })).toThrow(/at most 10000 events/);
  });
});
