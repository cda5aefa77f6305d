import { describe, expect, it } from 'vitest';
import { cloudEvent } from '../../../src/messaging/cloud-event.js';
import { cloudEventToHttp } from '../../../src/messaging/cloud-event-http.js';
import {
  cloudEventFromJson,
  cloudEventsFromJson,
  cloudEventsToJson,
  cloudEventToJson,
} from '../../../src/messaging/cloud-event-json.js';

const base = { specversion: '1.0', id: 'A234', source: '/mycontext', type: 'com.example.someevent' };
const extensions = { comexampleextension1: 'value', comexampleothervalue: 5 };
const time = '2018-04-05T17:31:00Z';
const json = (value: object) => JSON.stringify(value);
const ascii = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes?: Uint8Array) => new TextDecoder().decode(bytes);

/** The examples of the JSON format, §3.2: the JSON, and content type and body when re-encoded for HTTP. */
const examples: [string, object, unknown, string | undefined, string][] = [
  [
    'binary data',
    { datacontenttype: 'application/vnd.apache.thrift.binary', data_base64: 'AQI=' },
    new Uint8Array([1, 2]),
    'application/vnd.apache.thrift.binary',
    '\u0001\u0002',
  ],
  [
    'an XML document as a text, and an attribute of null',
    { unsetextension: null, datacontenttype: 'application/xml', data: '<much wow="xml"/>' },
    '<much wow="xml"/>',
    'application/xml',
    '<much wow="xml"/>',
  ],
  [
    'an object',
    { subject: null, datacontenttype: 'application/json', data: { appinfoA: 'abc', appinfoC: true } },
    { appinfoA: 'abc', appinfoC: true },
    'application/json',
    '{"appinfoA":"abc","appinfoC":true}',
  ],
  ['a number', { datacontenttype: 'application/json', data: 1.5 }, 1.5, 'application/json', '1.5'],
  [
    'a text of JSON',
    { data: "I'm just a string" },
    "I'm just a string",
    'application/json',
    `"I'm just a string"`,
  ],
  [
    'bytes that look like JSON',
    { data_base64: 'eyAieHl6IjogMTIzIH0=' },
    ascii('{ "xyz": 123 }'),
    undefined,
    '{ "xyz": 123 }',
  ],
];

describe('the JSON format', () => {
  it.each(examples)('reads %s as the specification does', (_, more, data, type, body) => {
    const event = cloudEventFromJson(json({ ...base, time, ...extensions, ...more }));
    expect(event).toMatchObject({ ...base, time, ...extensions });
    expect(event.data).toEqual(data);
    expect(event).not.toHaveProperty('unsetextension');
    expect(event).not.toHaveProperty('subject');
    const http = cloudEventToHttp(event);
    expect(http.headers).toEqual({
      'ce-specversion': '1.0',
      'ce-id': 'A234',
      'ce-source': '/mycontext',
      'ce-type': 'com.example.someevent',
      'ce-time': time,
      'ce-comexampleextension1': 'value',
      'ce-comexampleothervalue': '5',
      ...(type === undefined ? {} : { 'content-type': type }),
    });
    expect(textOf(http.body)).toBe(body);
  });

  it('writes attributes by their types, and bytes as base64', () => {
    const event = cloudEvent({
      ...base,
      specversion: '1.0',
      n: -5,
      f: true,
      b: ascii('foob'),
      data: ascii('fo'),
    });
    expect(cloudEventToJson(event)).toBe(
      json({ ...base, n: -5, f: true, b: 'Zm9vYg==', data_base64: 'Zm8=' }),
    );
  });

  it.each([
    [{ data: null }, ',"datacontenttype":"application/json","data":null}'],
    [{ data: 0 }, ',"datacontenttype":"application/json","data":0}'],
    [{ data: '' }, ',"datacontenttype":"application/json","data":""}'],
    [{ data: '', datacontenttype: 'text/plain' }, ',"datacontenttype":"text/plain","data":""}'],
    [{ data: new Uint8Array() }, ',"data_base64":""}'],
    [{}, '}'],
  ])('keeps %o', (more, end) => {
    const text = cloudEventToJson(cloudEvent<unknown>({ ...base, specversion: '1.0', ...more }));
    expect(text).toBe(json(base).slice(0, -1) + end);
    expect(cloudEventFromJson(text).data).toEqual((more as { data?: unknown }).data);
    expect(cloudEventToJson(cloudEventFromJson(text))).toBe(text);
  });

  it('reads bytes, with and without a byte order mark', () => {
    expect(cloudEventFromJson(ascii(json(base)))).toEqual(base);
    expect(cloudEventFromJson(ascii(`\uFEFF${json(base)}`))).toEqual(base);
  });

  it.each([[{ data: null, datacontenttype: 'text/plain' }], [{ data_base64: null }]])(
    'takes the null of %o for no data',
    more => {
      expect(cloudEventFromJson(json({ ...base, ...more }))).not.toHaveProperty('data');
    },
  );

  it('keeps keys of data that mean something to objects, and pollutes nothing', () => {
    const data = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    const text = `${json({ ...base, datacontenttype: 'application/json' }).slice(0, -1)},"data":${data}}`;
    const event = cloudEventFromJson(text);
    expect(Object.keys(event.data as object)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(event.data)).toBe(Object.prototype);
    expect({}).not.toHaveProperty('polluted');
    expect(cloudEventToJson(event)).toBe(text);
  });

  it.each([
    ['', 'an event must be JSON, got ""'],
    ['{', 'an event must be JSON, got "{"'],
    ['[]', 'an event must be an object, got a list of 0'],
    ['null', 'an event must be an object, got null'],
    ['{}', '`specversion` must be "1.0", got undefined'],
    [json({ ...base, specversion: '0.3' }), '`specversion` must be "1.0", got "0.3"'],
    [json({ ...base, id: 5 }), '`id` must be a text that is not empty, got 5'],
    [json({ ...base, Subject: 'a' }), '`Subject` must be named by'],
    [json({ ...base, a: { b: 1 } }), '`a` must be a text, an integer of 32 bits'],
    [json({ ...base, a: 1e10 }), '`a` must be a text, an integer of 32 bits'],
    [
      json({ ...base, data: 1, data_base64: '' }),
      '`data_base64` must be absent where there is `data`, got ""',
    ],
    [json({ ...base, data_base64: 'Zg' }), '`data_base64` must be base64 of RFC 4648 with padding, got "Zg"'],
    [json({ ...base, data_base64: 5 }), '`data_base64` must be base64 of RFC 4648 with padding, got 5'],
    [json({ ...base, datacontenttype: 'text/xml', data: {} }), '`data` must be a text or a Uint8Array'],
    [json({ ...base, datacontenttype: true, data: {} }), '`datacontenttype` must be a media type, got true'],
    [`{"__proto__":1,${json(base).slice(1)}`, '`__proto__` must be named by'],
    [new Uint8Array([0xff]), 'the body must be UTF-8, got 1 bytes'],
    [undefined as never, 'a structured message must have a body, got undefined'],
    [{} as never, 'the body must be read before: a Uint8Array, an ArrayBuffer or a text, got an object'],
  ])('refuses %j', (text, says) => {
    expect(() => cloudEventFromJson(text)).toThrow(
      expect.objectContaining({ code: 'ERR_CLOUD_EVENT', message: expect.stringContaining(says) as string }),
    );
  });

  const circle: { circle?: unknown } = {};
  circle.circle = circle;
  it.each([circle, 5n, () => 1, Symbol('s'), { toJSON: () => undefined }])('writes no %o', data => {
    expect(() => cloudEventToJson(cloudEvent({ source: 'a', type: 'b', data }))).toThrow(/`data` must /);
  });

  it('checks what it writes', () => {
    expect(() => cloudEventToJson({ ...base, time: 'now' } as never)).toThrow('`time` must be a timestamp');
    expect(() => cloudEventToJson({ type: 'a' } as never)).toThrow('`specversion` must be');
  });
});

describe('a batch', () => {
  const events = [
    cloudEvent({ ...base, specversion: '1.0', data: null }),
    cloudEvent({ source: 'a', type: 'b' }),
  ];

  it.each([[[]], [events]])('of %j is read as it was written', batch => {
    expect(cloudEventsFromJson(cloudEventsToJson(batch))).toEqual(batch);
  });

  it('says which event is wrong', () => {
    expect(() => cloudEventsFromJson(json([base, { ...base, id: '' }]))).toThrow(
      expect.objectContaining({
        attribute: 'id',
        message: 'CloudEvent: `id` must be a text that is not empty, got "", in event 1 of the batch',
      }),
    );
  });

  it('is a list', () => {
    expect(() => cloudEventsFromJson(json(base))).toThrow('a batch must be a list, got an object');
    expect(() => cloudEventsFromJson('[')).toThrow('a batch must be JSON, got "["');
  });
});

describe('a limit', () => {
  const many = (count: number) =>
    json({ ...base, ...Object.fromEntries(Array.from(Array(count), (_, i) => [`a${i}`, 1])) });

  it.each([
    ['maxAttributes', () => cloudEventFromJson(many(125)), '`maxAttributes` is 128, got 129'],
    [
      'maxAttributeChars',
      () => cloudEventFromJson(json({ ...base, a: 'x'.repeat(65_536) })),
      'is 65536, got',
    ],
    [
      'maxBodyBytes',
      () => cloudEventFromJson(json({ ...base, data: 'x'.repeat(2 ** 20) })),
      'is 1048576, got',
    ],
    [
      'maxBodyBytes',
      () => cloudEventFromJson(json({ ...base, data: '€'.repeat(2 ** 19) })),
      'is 1048576, got',
    ],
    ['maxEvents', () => cloudEventsFromJson(json(Array(1_001).fill(base))), '`maxEvents` is 1000, got 1001'],
  ])('%s holds by default', (name, read, says) => {
    expect(read).toThrow(`\`${name}\``);
    expect(read).toThrow(says);
  });

  it('is reached, and may be changed', () => {
    expect(Object.keys(cloudEventFromJson(many(124)))).toHaveLength(128);
    const long = json({ ...base, data: '€'.repeat(349_000) });
    expect(cloudEventFromJson(long).data).toHaveLength(349_000);
    expect(cloudEventFromJson(many(500), { maxAttributes: Number.POSITIVE_INFINITY })['a499']).toBe(1);
    expect(() => cloudEventFromJson(many(0), { maxAttributes: 3 })).toThrow('`maxAttributes` is 3, got 4');
    expect(() => cloudEventFromJson(many(0), { maxBodyBytes: 10 })).toThrow('`maxBodyBytes` is 10, got');
    expect(() => cloudEventFromJson(many(0), { maxBodyBytes: undefined })).not.toThrow();
  });

  it('that is none is a mistake', () => {
    expect(() => cloudEventFromJson('', { maxEvent: 1 } as never)).toThrow('unknown option `maxEvent`');
    expect(() => cloudEventFromJson('', { maxEvents: -1 })).toThrow(RangeError);
    expect(() => cloudEventFromJson('', { maxEvents: 'x' as never })).toThrow(
      'CloudEventLimits: `maxEvents` must be an integer >= 0, or Infinity, got "x"',
    );
  });
});
