import { describe, expect, it } from 'vitest';
import { cloudEvent } from '../../../src/messaging/cloud-event.js';
import { cloudEventFromHttp, cloudEventToHttp } from '../../../src/messaging/cloud-event-http.js';
import { cloudEventFromJson, cloudEventToJson } from '../../../src/messaging/cloud-event-json.js';
import { cloudEventToKafka } from '../../../src/messaging/cloud-event-kafka.js';

const base = { id: '1', source: 'a', type: 'b' };
const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': 'a', 'ce-type': 'b' };

/** What `cloudevents` 10.0.0, the reference SDK, gets wrong. */
describe('what the reference SDK does not do', () => {
  it('1: percent-encodes header values, so that Headers take them', () => {
    const message = cloudEventToHttp(cloudEvent({ ...base, subject: 'Euro €' }));
    expect(new Headers(message.headers).get('ce-subject')).toBe('Euro%20%E2%82%AC');
  });

  it('2: decodes header values', () => {
    expect(cloudEventFromHttp({ headers: { ...headers, 'ce-subject': 'Euro%20%E2%82%AC' } }).subject).toBe(
      'Euro €',
    );
  });

  it.each([0, false, '', null])('3: keeps %j as data in structured mode', data => {
    const message = cloudEventToHttp(cloudEvent({ ...base, data }), { mode: 'structured' });
    expect(cloudEventFromHttp(message)).toHaveProperty('data', data);
  });

  it('4: leaves a time as it is', () => {
    const time = '2020-01-01T00:00:00.123456789+02:00';
    const event = cloudEvent({ ...base, time });
    expect(cloudEventToHttp(event).headers['ce-time']).toBe(time);
    expect(cloudEventFromJson(cloudEventToJson(event)).time).toBe(time);
  });

  it('5: takes a content type without a blank before its parameter', () => {
    const body = cloudEventToJson(cloudEvent(base));
    const type = 'application/cloudevents+json;charset=utf-8';
    expect(cloudEventFromHttp({ headers: { 'content-type': type }, body }).id).toBe('1');
  });

  it('6: reads data_base64 as a Uint8Array', () => {
    const text = '{"specversion":"1.0","id":"1","source":"a","type":"b","data_base64":"AQID"}';
    expect(cloudEventFromJson(text).data).toStrictEqual(new Uint8Array([1, 2, 3]));
  });

  it('7: parses data of a type that ends in +json', () => {
    const given = { ...headers, 'content-type': 'application/vnd.acme.order+json' };
    expect(cloudEventFromHttp({ headers: given, body: '{"cents":995}' }).data).toEqual({ cents: 995 });
  });

  it('8: writes bytes as the value of a Kafka record, and no headers without a value', () => {
    const { value, headers } = cloudEventToKafka(cloudEvent({ ...base, subject: undefined, data: { a: 1 } }));
    expect(value).toEqual(new TextEncoder().encode('{"a":1}'));
    expect(headers).toEqual({
      ce_specversion: '1.0',
      ce_id: '1',
      ce_source: 'a',
      ce_type: 'b',
      'content-type': 'application/json',
    });
  });
});
