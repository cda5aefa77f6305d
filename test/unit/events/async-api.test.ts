import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toAsyncApi } from '../../../src/events/async-api.js';
import { defineEvents } from '../../../src/events/event-registry.js';
import type { StandardSchema } from '../../../src/kernel/standard-schema.js';

const info = { title: 'Shop', version: '1.4.0' };
const events = defineEvents(
  {
    'order.placed': { 1: z.object({ id: z.string() }), 2: z.object({ id: z.string(), cents: z.number() }) },
    'order.paid': { 4: type({ at: 'string' }) },
    'order-sent': { 1: v.object({ id: v.string() }) },
  },
  { upcast: { 'order.placed': { 1: v1 => ({ ...v1, cents: 0 }) } } },
);

/** The official schema of the specification, of draft 7. */
function validator(version: '3.0.0' | '3.1.0') {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, meta: false });
  const validate = ajv.compile(specs.schemas[version] as object);
  return (document: object): unknown => (validate({ ...document, asyncapi: version }) ? [] : validate.errors);
}
const official = validator('3.0.0');

describe('toAsyncApi', () => {
  it('writes a channel for each event, and a message for each of its versions', () => {
    const document = toAsyncApi(events, { ...info, description: 'Sells.' }, { action: 'send' });
    expect(document.info).toEqual({ ...info, description: 'Sells.' });
    expect(Object.keys(document.channels)).toEqual(['order.placed', 'order.paid', 'order-sent']);
    expect(document.channels['order.placed']).toEqual({
      address: 'order.placed',
      messages: {
        v1: { $ref: '#/components/messages/order.placed.v1' },
        v2: { $ref: '#/components/messages/order.placed.v2' },
      },
    });
    expect(document.components.messages['order.placed.v2']).toEqual({
      name: 'order.placed',
      title: 'order.placed, version 2',
      payload: { $ref: '#/components/schemas/order.placed.v2' },
    });
    expect(document.components.schemas['order.placed.v1']).toEqual({
      type: 'object',
      properties: { id: { type: 'string' } },
      required: ['id'],
    });
    expect(document.operations?.['send.order.placed']).toEqual({
      action: 'send',
      channel: { $ref: '#/channels/order.placed' },
      messages: [{ $ref: '#/channels/order.placed/messages/v2' }],
    });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it.each(['3.0.0', '3.1.0'] as const)('keeps to the official schema of the specification, %s', version => {
    const valid = validator(version);
    expect(valid(toAsyncApi(events, info))).toEqual([]);
    expect(valid(toAsyncApi(events, info, { action: 'receive' }))).toEqual([]);
    // The schema does find mistakes.
    expect(valid({ ...toAsyncApi(events, info), channels: { a: { address: 5 } } })).not.toEqual([]);
    expect(valid({ ...toAsyncApi(events, info), operations: { a: { action: 'emit' } } })).not.toEqual([]);
  });

  it('says where nothing is known of a payload', () => {
    const { components } = toAsyncApi(events, info);
    expect(components.schemas['order-sent.v1']).toEqual({});
    expect(components.messages['order-sent.v1']).toMatchObject({
      description: 'The payload is not described: valibot offers no JSON Schema.',
    });
    const unwritable = defineEvents({ a: { 1: z.object({ at: z.date() }) } });
    expect(toAsyncApi(unwritable, info).components.messages['a.v1']).toMatchObject({
      description: expect.stringMatching(/^The payload is not described: Error: Date cannot/),
    });
  });

  it('takes the word of a converter where a schema has none', () => {
    const asked: unknown[] = [];
    const toJsonSchema = (schema: StandardSchema<unknown, unknown>, name: string, version: number) => {
      asked.push([schema['~standard'].vendor, name, version]);
      return { type: 'object' };
    };
    const document = toAsyncApi(events, info, { toJsonSchema });
    expect(asked).toEqual([['valibot', 'order-sent', 1]]);
    expect(document.components.schemas['order-sent.v1']).toEqual({ type: 'object' });
    expect(document.components.messages['order-sent.v1']).not.toHaveProperty('description');
    const silent = toAsyncApi(events, info, { toJsonSchema: () => undefined });
    expect(silent.components.messages['order-sent.v1']).toHaveProperty('description');
  });

  it('leads references of a schema to itself to where it stands now', () => {
    interface Tree {
      name: string;
      children: Tree[];
    }
    const Tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.lazy(() => z.array(Tree)) });
    const document = toAsyncApi(defineEvents({ tree: { 1: Tree } }), info);
    expect(JSON.stringify(document)).toContain('"$ref":"#/components/schemas/tree.v1');
    expect(official(document)).toEqual([]);
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: 'x',
      properties: {
        $ref: { $ref: '#/definitions/a' },
        default: { $ref: '#' },
        b: { $ref: 'https://else.example/b' },
      },
      definitions: { a: { default: { $ref: '#/not/one' }, enum: [{ $ref: '#' }] } },
      allOf: [{ $ref: '#/definitions/a' }, true],
    };
    const root = '#/components/schemas/order-sent.v1';
    const written = toAsyncApi(events, info, { toJsonSchema: () => schema }).components.schemas[
      'order-sent.v1'
    ];
    expect(written).toEqual({
      properties: {
        $ref: { $ref: `${root}/definitions/a` },
        default: { $ref: root },
        b: { $ref: 'https://else.example/b' },
      },
      definitions: { a: { default: { $ref: '#/not/one' }, enum: [{ $ref: '#' }] } },
      allOf: [{ $ref: `${root}/definitions/a` }, true],
    });
  });

  it('refuses a JSON Schema that has no end', () => {
    const circle: { items?: object } = {};
    circle.items = circle;
    expect(() => toAsyncApi(events, info, { toJsonSchema: () => circle })).toThrow(
      /more than 100 levels deep/,
    );
  });

  it.each<[unknown, unknown, RegExp]>([
    [{ title: 'a' }, {}, /`info.version` must be a string, got undefined/],
    [{ version: '1' }, {}, /`info.title` must be a string, got undefined/],
    [{ ...info, description: 5 }, {}, /`info.description` must be a string, got 5/],
    [{ ...info, servers: [] }, {}, /unknown option `servers`/],
    [info, { action: 'emit' }, /`action` must be 'send' or 'receive', got "emit"/],
    [info, { contentType: 5 }, /`contentType` must be a string, got 5/],
    [info, { toJsonSchema: {} }, /`toJsonSchema` must be a function, got an object/],
    [info, { toJsonSchema: () => 5 }, /`toJsonSchema` must be a function that answers with an object/],
    [info, { convert: 1 }, /unknown option `convert`/],
  ])('refuses mistakes: %j, %o', (about, options, message) => {
    expect(() => toAsyncApi(events, about as typeof info, options as object)).toThrow(message);
  });
});
