import { describe, expect, it } from 'vitest';
import { cloudEvent } from '../../../src/messaging/cloud-event.js';
import {
  cloudEventFromHttp,
  cloudEventsFromHttp,
  cloudEventsToHttp,
  cloudEventToHttp,
} from '../../../src/messaging/cloud-event-http.js';

const event = cloudEvent({
  id: '1234-1234-1234',
  source: '/mycontext/subcontext',
  type: 'com.example.someevent',
  time: '2018-04-05T03:56:24Z',
  datacontenttype: 'application/json; charset=utf-8',
  data: { a: [1] },
});
/** The example of the HTTP binding, §3.1.4. */
const headers = {
  'ce-specversion': '1.0',
  'ce-id': '1234-1234-1234',
  'ce-source': '/mycontext/subcontext',
  'ce-type': 'com.example.someevent',
  'ce-time': '2018-04-05T03:56:24Z',
  'content-type': 'application/json; charset=utf-8',
};
const body = '{"a":[1]}';
const utf8 = (text: string) => new TextEncoder().encode(text);

describe('HTTP in binary mode', () => {
  it('is written as the specification shows it', () => {
    expect(cloudEventToHttp(event)).toEqual({ headers, body: utf8(body) });
    expect(cloudEventToHttp(event, { mode: 'binary' })).toEqual({ headers, body: utf8(body) });
  });

  it.each([
    ['headers of node:http', headers, body],
    ['Headers', new Headers(headers), utf8(body)],
    ['a Map', new Map(Object.entries(headers)), utf8(body).buffer],
    ['names in another case', { ...headers, 'ce-id': undefined, 'CE-ID': '1234-1234-1234' }, body],
    ['a list of one value', { ...headers, 'ce-id': ['1234-1234-1234'], cookie: ['a', 'b'] }, body],
    ['the type told twice alike', { ...headers, 'ce-datacontenttype': headers['content-type'] }, body],
    ['other headers', { ...headers, host: 'a', 'x-ce-id': '', ce: '', traceparent: 'x' }, body],
  ])('is read from %s', (_, given, bytes) => {
    expect(cloudEventFromHttp({ headers: given, body: bytes })).toEqual(event);
    expect(cloudEventsFromHttp({ headers: given, body: bytes })).toEqual([event]);
  });

  it('goes through a Request and a Response', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const sent = cloudEvent({ ...event, subject: 'Euro € 😀', datacontenttype: 'image/png', data: bytes });
    const { headers, body } = cloudEventToHttp(sent);
    const init = { headers, ...(body === undefined ? {} : { body }) };
    for (const it of [
      new Request('http://a/', { method: 'POST', ...init }),
      new Response(init.body!, init),
    ]) {
      expect(cloudEventFromHttp({ headers: it.headers, body: await it.arrayBuffer() })).toEqual(sent);
    }
  });

  it.each([
    ['no data', {}, undefined],
    ['null', { data: null }, 'null'],
    ['false', { data: false }, 'false'],
    ['a text of JSON', { data: 'a' }, '"a"'],
    ['an empty text', { data: '', datacontenttype: 'text/plain' }, ''],
    ['a vendor type', { data: { a: 1 }, datacontenttype: 'application/vnd.acme+json' }, '{"a":1}'],
    ['bytes of an unknown type', { data: utf8('{"a":1}') }, '{"a":1}'],
    ['bytes of a known type', { data: utf8('x'), datacontenttype: 'application/octet-stream' }, 'x'],
  ])('carries %s', (_, more, text) => {
    const sent = cloudEvent<unknown>({ source: 'a', type: 'b', ...more });
    const message = cloudEventToHttp(sent);
    expect(message.body).toEqual(text === undefined ? undefined : utf8(text));
    expect(cloudEventFromHttp(message)).toEqual(sent);
  });

  it('writes what is no text in its canonical form', () => {
    const more = { source: 'a', type: 'b', flag: true, n: -7, bytes: utf8('foob') };
    const message = cloudEventToHttp(cloudEvent(more));
    expect(message.headers).toMatchObject({ 'ce-flag': 'true', 'ce-n': '-7', 'ce-bytes': 'Zm9vYg==' });
    expect(cloudEventFromHttp(message)).toMatchObject({ flag: 'true', n: '-7', bytes: 'Zm9vYg==' });
  });

  it('leaves text of another charset, and what is no UTF-8, as bytes', () => {
    const latin = new Uint8Array([0xe9]);
    for (const type of ['text/plain; charset=iso-8859-1', 'text/plain', 'application/xml']) {
      const given = { ...headers, 'content-type': type };
      expect(cloudEventFromHttp({ headers: given, body: latin }).data).toEqual(latin);
    }
  });

  it('takes nothing for no JSON', () => {
    for (const nothing of [undefined, null, '', new Uint8Array()]) {
      expect(cloudEventFromHttp({ headers, body: nothing })).not.toHaveProperty('data');
    }
  });

  it.each([
    [{ headers: { ...headers, 'ce-id': undefined } }, '`id` must be a text that is not empty, got undefined'],
    [{ headers: { ...headers, 'CE-id': 'x' } }, '`id` must be there once'],
    [{ headers: { ...headers, 'ce-id': ['a', 'b'] } }, '`id` must be a text in one header, got a list of 2'],
    [{ headers: { ...headers, 'Content-Type': 'a/b' } }, '`content-type` must be there once'],
    [
      { headers: { ...headers, 'ce-datacontenttype': 'a/b' } },
      'the content type of the message, or left out',
    ],
    [{ headers: { ...headers, 'ce-my_ext': 'a' } }, '`my_ext` must be named by'],
    [{ headers: { ...headers, 'ce-data': 'a' } }, '`data` must be named by'],
    [{ headers: { ...headers, 'ce-__proto__': 'a' } }, '`__proto__` must be named by'],
    [{ headers: { ...headers, 'ce-subject': '%C0%A0' } }, '`subject` must be percent-encoded UTF-8'],
    [{ headers, body: '{' }, '`data` must be JSON, got "{"'],
    [{ headers, body: new Uint8Array([0xff]) }, '`data` must be JSON in UTF-8, got 1 bytes'],
    [{ headers, body: {} as never }, 'the body must be read before'],
    [{ headers: 5 as never }, 'headers must be an object, got 5'],
    [{ headers: [1] as never }, 'headers must be pairs of a name and a value, got 1'],
    [{ headers: {} }, '`specversion` must be "1.0", got undefined'],
    [undefined as never, '`specversion` must be "1.0", got undefined'],
    [{ headers: { 'content-type': 'application/cloudevents+avro' } }, 'the event format must be JSON'],
  ])('refuses %o', (message, says) => {
    expect(() => cloudEventFromHttp(message)).toThrow(
      expect.objectContaining({ code: 'ERR_CLOUD_EVENT', message: expect.stringContaining(says) as string }),
    );
  });

  it('bounds attributes, not the headers of others', () => {
    const many = Object.fromEntries(Array.from(Array(200), (_, i) => [`ce-a${i}`, '1']));
    expect(() => cloudEventFromHttp({ headers: { ...headers, ...many } })).toThrow('`maxAttributes` is 128');
    const others = Object.fromEntries(Array.from(Array(200), (_, i) => [`x-a${i}`, 'x'.repeat(1_000)]));
    expect(cloudEventFromHttp({ headers: { ...headers, ...others }, body })).toEqual(event);
    const long = { ...headers, 'ce-a': 'x'.repeat(65_536) };
    expect(() => cloudEventFromHttp({ headers: long })).toThrow('`maxAttributeChars` is 65536');
    expect(() => cloudEventFromHttp({ headers, body }, { maxBodyBytes: 8 })).toThrow(
      '`maxBodyBytes` is 8, got 9',
    );
  });

  it('refuses text that it could not write as its type says', () => {
    const latin = { source: 'a', type: 'b', data: 'é', datacontenttype: 'text/plain; charset=iso-8859-1' };
    expect(() => cloudEventToHttp(cloudEvent(latin))).toThrow('names another charset than UTF-8');
  });
});

describe('HTTP in structured mode', () => {
  it('is one JSON object, found by its type in any case and with any parameters', () => {
    const { headers, body } = cloudEventToHttp(event, { mode: 'structured' });
    expect(headers).toEqual({ 'content-type': 'application/cloudevents+json; charset=utf-8' });
    for (const type of [headers['content-type'], 'Application/CloudEvents+JSON;charset=UTF-8']) {
      expect(cloudEventFromHttp({ headers: { 'Content-Type': type }, body })).toEqual(event);
      expect(cloudEventsFromHttp({ headers: { 'Content-Type': type }, body })).toEqual([event]);
    }
  });

  it('has the attributes of the body, whatever the headers repeat', () => {
    const { headers, body } = cloudEventToHttp(event, { mode: 'structured' });
    expect(cloudEventFromHttp({ headers: { ...headers, 'ce-id': 'other' }, body })).toEqual(event);
  });
});

describe('HTTP in batched mode', () => {
  it.each([[[]], [[event, cloudEvent({ source: 'a', type: 'b' })]]])('carries %j', events => {
    const message = cloudEventsToHttp(events);
    expect(message.headers).toEqual({ 'content-type': 'application/cloudevents-batch+json; charset=utf-8' });
    expect(cloudEventsFromHttp(message)).toEqual(events);
    expect(() => cloudEventFromHttp(message)).toThrow(
      'a message must hold one event, got "application/cloud',
    );
  });
});

it('an encoding that is none is a mistake', () => {
  expect(() => cloudEventToHttp(event, { mode: 'batch' as never })).toThrow(
    "CloudEventEncoding: `mode` must be 'binary' or 'structured', got \"batch\"",
  );
  expect(() => cloudEventToHttp(event, { modus: 'binary' } as never)).toThrow('unknown option `modus`');
});
