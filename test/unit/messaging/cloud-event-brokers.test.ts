import { describe, expect, it } from 'vitest';
import { type CloudEvent, cloudEvent } from '../../../src/messaging/cloud-event.js';
import { cloudEventFromAmqp, cloudEventToAmqp } from '../../../src/messaging/cloud-event-amqp.js';
import { cloudEventToHttp } from '../../../src/messaging/cloud-event-http.js';
import {
  cloudEventFromKafka,
  cloudEventToKafka,
  partitionKeyOf,
} from '../../../src/messaging/cloud-event-kafka.js';
import { cloudEventFromMqtt, cloudEventToMqtt } from '../../../src/messaging/cloud-event-mqtt.js';
import { cloudEventFromNats, cloudEventToNats } from '../../../src/messaging/cloud-event-nats.js';

const utf8 = (text: string) => new TextEncoder().encode(text);
const base = { id: '1', source: '/a', type: 'b', time: '2018-04-05T03:56:24Z', subject: 'Euro €' };
const event = cloudEvent({
  ...base,
  partitionkey: 'k',
  n: 5,
  flag: true,
  bytes: utf8('foob'),
  data: { a: 1 },
});
const texts = { n: '5', flag: 'true', bytes: 'Zm9vYg==' };
const type = 'application/json';
const structured = 'application/cloudevents+json; charset=utf-8';
const names = [
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'partitionkey',
  'n',
  'flag',
  'bytes',
];
/** What headers have under a prefix. */
const under = (prefix: string, more: Record<string, unknown>) =>
  Object.fromEntries(names.map(name => [prefix + name, { ...event, ...more }[name]] as const));

describe('AMQP', () => {
  const headers = under('cloudEvents_', { bytes: texts.bytes });

  it('has native booleans and integers under cloudEvents_, the type as content type', () => {
    const message = cloudEventToAmqp(event);
    expect(message).toEqual({ properties: { contentType: type, headers }, content: utf8('{"a":1}') });
    expect(cloudEventFromAmqp(message)).toEqual({ ...event, bytes: texts.bytes });
  });

  it('is understood with a colon, with texts, and with native timestamps and longs', () => {
    const properties = {
      contentType: type,
      headers: {
        ...under('cloudEvents:', { ...texts, time: { '!': 'timestamp', value: 1_522_900_584 }, n: 5n }),
        other: 1,
        cloudevents_x: 'case matters',
      },
    };
    const read = cloudEventFromAmqp({ properties, content: utf8('{"a":1}') });
    expect(read).toEqual({ ...event, ...texts, n: 5, time: '2018-04-05T03:56:24.000Z' });
    const at = { ...under('cloudEvents:', texts), 'cloudEvents:time': new Date(0) };
    expect(cloudEventFromAmqp({ properties: { headers: at } }).time).toBe('1970-01-01T00:00:00.000Z');
  });

  it.each([
    [{ ...headers, 'cloudEvents:id': '2' }, '`id` must be there once'],
    [{ ...headers, cloudEvents_time: new Date(Number.NaN) }, '`time` must be a timestamp that there is'],
    [{ ...headers, cloudEvents_time: { '!': 'timestamp', value: 1e300 } }, '`time` must be a timestamp that'],
    [{ ...headers, cloudEvents_n: 2n ** 40n }, '`n` must be a text, an integer of 32 bits'],
    [{ ...headers, cloudEvents_n: {} }, '`n` must be a text, an integer of 32 bits'],
    [{ ...headers, cloudEvents_datacontenttype: true }, '`datacontenttype` must be the content type of'],
  ])('refuses %o', (given, says) => {
    expect(() => cloudEventFromAmqp({ properties: { contentType: type, headers: given } })).toThrow(says);
  });

  it('has a type that is a text', () => {
    const properties = { contentType: 5 as never, headers };
    expect(() => cloudEventFromAmqp({ properties })).toThrow('the content type must be a text, got 5');
    const native = { headers: { ...headers, cloudEvents_datacontenttype: true } };
    expect(() => cloudEventFromAmqp({ properties: native })).toThrow(
      '`datacontenttype` must be a media type',
    );
  });
});

describe('NATS', () => {
  const headers = { ...under('ce-', { ...texts, subject: 'Euro%20%E2%82%AC' }), 'ce-datacontenttype': type };

  it('has percent-encoded texts under ce-, the type among them', () => {
    expect(cloudEventToNats(event)).toEqual({ headers, data: utf8('{"a":1}') });
    expect(cloudEventFromNats({ headers, data: utf8('{"a":1}') })).toEqual({ ...event, ...texts });
  });

  it('is understood as the client gives it, and does not take another content type for its own', () => {
    const lists = Object.entries({ ...headers, 'Content-Type': 'text/plain' }).map(
      ([k, v]) => [k, [v]] as const,
    );
    expect(cloudEventFromNats({ headers: new Map(lists), data: utf8('{"a":1}') })).toEqual({
      ...event,
      ...texts,
    });
  });

  it('is structured where there are no headers', () => {
    const { headers, data } = cloudEventToNats(event, { mode: 'structured' });
    expect(headers).toEqual({ 'Content-Type': structured });
    for (const given of [headers, { 'content-type': 'application/cloudevents' }, undefined, {}]) {
      expect(cloudEventFromNats({ headers: given, data })).toEqual({ ...event, bytes: texts.bytes });
    }
  });
});

describe('Kafka', () => {
  const headers = { ...under('ce_', texts), 'content-type': type };

  it('has texts under ce_, the type as content-type, and no key unless one is asked for', () => {
    expect(cloudEventToKafka(event)).toEqual({ key: null, value: utf8('{"a":1}'), headers });
    expect(cloudEventFromKafka({ value: utf8('{"a":1}'), headers })).toEqual({ ...event, ...texts });
  });

  it('is understood with headers as bytes', () => {
    const bytes = Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [Buffer.from(String(v))]]));
    expect(cloudEventFromKafka({ value: Buffer.from('{"a":1}'), headers: bytes })).toEqual({
      ...event,
      ...texts,
    });
  });

  it.each([
    ['a text', 'key', 'key'],
    ['bytes', utf8('key'), utf8('key')],
    ['the partition key', partitionKeyOf, 'k'],
    ['what is made of the event', ({ id }: CloudEvent) => `id-${id}`, 'id-1'],
  ])('may have %s as its key, in both modes, and keeps the event', (_, key, wanted) => {
    const before = JSON.stringify(event);
    for (const mode of ['binary', 'structured'] as const) {
      const record = cloudEventToKafka(event, { mode, key });
      expect(record.key).toEqual(wanted);
      expect(cloudEventFromKafka(record)['partitionkey']).toBe('k');
    }
    expect(JSON.stringify(event)).toBe(before);
  });

  it('has no partition key where an event has none', () => {
    expect(partitionKeyOf(cloudEvent(base))).toBeNull();
    expect(partitionKeyOf(cloudEvent({ ...base, partitionkey: 5 }))).toBeNull();
    expect(cloudEventToKafka(cloudEvent(base), { key: partitionKeyOf }).key).toBeNull();
  });

  it('is a tombstone without data in binary mode, and none in structured mode', () => {
    const empty = cloudEvent(base);
    expect(cloudEventToKafka(empty).value).toBeNull();
    expect(cloudEventFromKafka(cloudEventToKafka(empty))).toEqual(empty);
    expect(cloudEventToKafka(empty, { mode: 'structured' }).value).not.toBeNull();
    const text = cloudEvent({ ...base, datacontenttype: 'text/plain', data: '' });
    expect(cloudEventToKafka(text).value).toEqual(utf8(''));
    expect(cloudEventFromKafka(cloudEventToKafka(text))).toEqual(text);
  });
});

describe('MQTT', () => {
  const userProperties = under('', texts);

  it('has texts under their own names, the type as content type', () => {
    const message = cloudEventToMqtt(event);
    expect(message).toEqual({ properties: { contentType: type, userProperties }, payload: utf8('{"a":1}') });
    expect(cloudEventFromMqtt(message)).toEqual({ ...event, ...texts });
  });

  it('may tell the type twice, and leaves user properties of others alone', () => {
    const more = { ...userProperties, datacontenttype: type, 'X-Trace': 'a', a_b: 'c', data: 'd', '': 'e' };
    const properties = { contentType: type, userProperties: more };
    expect(cloudEventFromMqtt({ properties, payload: '{"a":1}' })).toEqual({ ...event, ...texts });
  });

  it('is structured where there are no properties, as in MQTT 3.1.1', () => {
    const { properties, payload } = cloudEventToMqtt(event, { mode: 'structured' });
    expect(properties).toEqual({ contentType: structured, userProperties: {} });
    for (const given of [properties, undefined]) {
      expect(cloudEventFromMqtt({ properties: given, payload })).toEqual({ ...event, bytes: texts.bytes });
    }
  });

  it('has a type that is a text', () => {
    const properties = { contentType: 5 as never };
    expect(() => cloudEventFromMqtt({ properties })).toThrow('the content type must be a text, got 5');
  });
});

describe('every broker', () => {
  const batch = 'application/cloudevents-batch+json';
  it.each([
    ['AMQP', () => cloudEventFromAmqp({ properties: { contentType: batch } })],
    ['NATS', () => cloudEventFromNats({ headers: { 'content-type': batch } })],
    ['Kafka', () => cloudEventFromKafka({ headers: { 'content-type': batch } })],
    ['MQTT', () => cloudEventFromMqtt({ properties: { contentType: batch } })],
  ])('%s carries one event in a message', (_, read) => expect(read).toThrow('must hold one event'));

  it.each([
    ['AMQP', cloudEventFromAmqp],
    ['NATS', cloudEventFromNats],
    ['Kafka', cloudEventFromKafka],
    ['MQTT', cloudEventFromMqtt],
  ])('%s refuses what is no message', (_, read) => {
    for (const nothing of [undefined, null, {}, { properties: null }]) {
      expect(() => read(nothing as never)).toThrow(expect.objectContaining({ code: 'ERR_CLOUD_EVENT' }));
    }
  });

  it.each([
    ['HTTP', cloudEventToHttp],
    ['AMQP', cloudEventToAmqp],
    ['Kafka', cloudEventToKafka],
    ['MQTT', cloudEventToMqtt],
  ])('%s wraps an event in another one in structured mode only', (_, write) => {
    const outer = cloudEvent({
      ...base,
      datacontenttype: 'application/CloudEvents+json',
      data: { ...event },
    });
    expect(() => write(outer)).toThrow(
      '`datacontenttype` must be another type than that of events, or the mode',
    );
    expect(() => write(outer, { mode: 'structured' })).not.toThrow();
    expect(cloudEventFromNats(cloudEventToNats(outer)).datacontenttype).toBe('application/CloudEvents+json');
  });

  it('carries an event without data and type as an empty body', () => {
    const plain = cloudEvent(base);
    const [amqp, nats, mqtt] = [cloudEventToAmqp(plain), cloudEventToNats(plain), cloudEventToMqtt(plain)];
    expect([amqp.content.length, nats.data.length, mqtt.payload.length]).toEqual([0, 0, 0]);
    expect(amqp.properties).not.toHaveProperty('contentType');
    expect(mqtt.properties).not.toHaveProperty('contentType');
    expect([cloudEventFromAmqp(amqp), cloudEventFromNats(nats), cloudEventFromMqtt(mqtt)]).toEqual([
      ...[plain, plain, plain],
    ]);
  });
});
