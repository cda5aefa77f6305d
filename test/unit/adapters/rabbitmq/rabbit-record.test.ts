import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RabbitMessage } from '../../../../src/adapters/rabbitmq/rabbit-client.js';
import { deliveriesBefore, propertiesOf, recordOf } from '../../../../src/adapters/rabbitmq/rabbit-record.js';

const fields = { deliveryTag: 1, redelivered: false, exchange: 'keelson', routingKey: 'orders.placed' };
const message = (properties: RabbitMessage['properties'], redelivered = false): RabbitMessage => ({
  content: Uint8Array.of(1),
  fields: { ...fields, redelivered },
  properties,
});
const record = (headers: Record<string, string>, key?: string, id = 'id-1') => ({
  ...{ topic: 'orders.placed', id, key, headers },
});

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter(text => !text.startsWith('x-'));

describe('a record at RabbitMQ', () => {
  it('comes back as it went', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 50 });
    fc.assert(
      fc.property(fc.dictionary(name, text), fc.option(text, { nil: undefined }), (headers, key) => {
        const back = recordOf(message(propertiesOf(record(headers, key))));
        expect(back.headers).toEqual({ ...headers });
        expect(back.key).toBe(key);
        expect(back.topic).toBe('orders.placed');
      }),
    );
  });

  it('has a media type too long for its place among its headers', () => {
    const contentType = `text/plain; a=${'b'.repeat(300)}`;
    const properties = propertiesOf(record({ 'content-type': contentType }));
    expect(properties.contentType).toBeUndefined();
    expect(recordOf(message(properties)).headers).toEqual({ 'content-type': contentType });
  });

  it('has no message id where the id is too long for it', () => {
    expect(propertiesOf(record({}, undefined, '€'.repeat(200))).messageId).toBeUndefined();
    expect(propertiesOf(record({})).messageId).toBe('id-1');
  });

  it.each([
    ['what the server writes', { 'x-death': 'a' }, 'ERR_INVALID_MESSAGE'],
    ['what the server writes of the first death', { 'x-first-death-queue': 'a' }, 'ERR_INVALID_MESSAGE'],
    ['half a character', { a: '\ud83d' }, 'ERR_INVALID_MESSAGE'],
    ['more than a frame takes', { a: 'é'.repeat(30_001) }, 'ERR_RECORD_TOO_LARGE'],
  ])('is refused with %s', (_, headers, code) => {
    expect(() => propertiesOf(record(headers as Record<string, string>))).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('is read from others: other kinds of values, the other sign, no headers at all', () => {
    const headers = {
      a: 1,
      b: true,
      'cloudEvents:id': 'x',
      c: { d: 1 },
      'x-death': [],
      'x-delivery-count': 2,
    };
    expect(recordOf(message({ headers })).headers).toEqual({ a: '1', b: 'true', cloudEvents_id: 'x' });
    expect(recordOf(message({})).headers).toEqual({});
    expect(recordOf(message({})).key).toBeUndefined();
  });

  it.each([
    [{}, true, false, 0],
    [{ 'x-delivery-count': 2 }, true, true, 2],
    [{ 'x-attempt': '3', 'x-delivery-count': 2 }, true, true, 5],
    [{ 'x-attempt': 'many' }, true, false, 0],
    [{ 'x-attempt': '-1' }, true, false, 0],
    [{}, true, true, 0],
    [{ 'x-attempt': '3' }, false, true, 4],
  ])('of %j was delivered (counting: %s, again: %s) %d times', (headers, counting, again, times) => {
    expect(deliveriesBefore(message({ headers }, again), counting)).toBe(times);
  });
});
