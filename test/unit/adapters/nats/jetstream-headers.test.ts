import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headersOf, readHeaders, writeHeaders } from '../../../../src/adapters/nats/jetstream-headers.js';
import type { OutRecord } from '../../../../src/messaging/driver.js';

const record = (rest: Partial<OutRecord>): OutRecord => ({
  ...{ id: 'i', topic: 't', key: undefined, headers: {}, body: new Uint8Array() },
  ...{ notBefore: undefined, expiresAt: undefined, priority: 0, group: undefined },
  ...rest,
});

/** A message as the client has it: headers in front of the data, and parsed when they are asked for. */
function messageOf(headers: MsgHdrs, facts: Partial<Msg> = {}) {
  const head = (headers as unknown as { encode(): Uint8Array }).encode();
  const [subject, reply, body] = ['p.t', '$JS.ACK.p.g.1.2.3.4.5', Uint8Array.of(13, 10, 78)];
  const all = Buffer.concat([Buffer.from('before\r\n'), head, body]);
  const data = all.subarray(all.length - body.length);
  const size = () => Buffer.byteLength(facts.subject ?? subject) + reply.length + head.length + data.length;
  let asked = 0;
  const message = {
    ...{ subject, reply, data, size },
    get headers() {
      asked++;
      return headers;
    },
  };
  return {
    message: Object.defineProperties(message, Object.getOwnPropertyDescriptors(facts)) as never,
    asked: () => asked,
    data,
  };
}

describe('headers of JetStream', { timeout: 60_000 }, () => {
  it('bring back any text, in one line of visible ASCII each', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
    const text = fc.string({ unit: 'binary', maxLength: 20 }).filter(each => !/\p{Surrogate}/u.test(each));
    fc.assert(
      fc.property(fc.dictionary(name, text, { noNullPrototype: true, maxKeys: 5 }), text, (headers, key) => {
        const written = writeHeaders(record({ headers, key, group: 'g' }), 's').headers;
        for (const [, values] of written) for (const value of values) expect(value).toMatch(/^[!-~]*$/);
        expect(readHeaders(written)).toEqual({
          headers: { ...headers, 'ce-partitionkey': key },
          key,
          group: 'g',
        });
        const { message, data, asked } = messageOf(written);
        expect(headersOf(message, data)).toEqual(readHeaders(written));
        expect(asked()).toBe(0);
      }),
    );
  });

  it('are asked of the client where they do not stand in front of the data', () => {
    const { headers } = writeHeaders(record({ headers: { a: 'b' }, group: 'g' }), 's');
    const elsewhere = Uint8Array.of(13, 10, 78);
    for (const [facts, moved] of [
      [{ size: undefined }, undefined],
      [{ subject: 'p.ü' }, undefined],
      [{}, elsewhere],
      [{}, Buffer.concat([Buffer.alloc(1_000), elsewhere]).subarray(1_000)],
    ] as const) {
      const { message, data, asked } = messageOf(headers, facts as object);
      expect(headersOf(message, moved ?? data)).toEqual({ headers: { a: 'b' }, key: undefined, group: 'g' });
      expect(asked()).toBe(1);
    }
  });

  it('are those of the last line of a name, without what is none', () => {
    const odd = { encode: () => Buffer.from('NATS/1.0\r\na: 1\r\nodd\r\na:  2 \r\nb:\r\n\r\n') } as never;
    const { message, data } = messageOf(odd);
    expect(headersOf(message, data).headers).toEqual({ a: '2', b: '' });
  });

  it('take as many bytes as they say', () => {
    const written = writeHeaders(record({ headers: { a: '€', bb: '', 'c-c': 'x y' } }), 's');
    const encoded = (written.headers as unknown as { encode(): Uint8Array }).encode();
    expect(written.bytes).toBe(encoded.byteLength);
  });

  it('name a message by its topic, its group and how often it has come back', () => {
    const idOf = (rest: Partial<OutRecord>) => writeHeaders(record(rest), 's').headers.get('Nats-Msg-Id');
    const ids = [{}, { topic: 'u' }, { group: 'g' }, { headers: { 'x-replays': '1' } }, { id: 'j' }].map(
      idOf,
    );
    expect(new Set(ids).size).toBe(5);
    expect(idOf({})).toBe('t%20%20%20i');
  });

  it('refuse a text that is no Unicode, and tell which', () => {
    expect(() => writeHeaders(record({ headers: { odd: '\ud800' } }), 's')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_MESSAGE', message: expect.stringContaining('`odd`') }),
    );
  });

  it('that others have written stay as they are where they are not encoded', () => {
    const { headers } = writeHeaders(record({}), 's');
    headers.set('Discount', '100%');
    headers.set('Nats-Anything', 'x');
    expect(readHeaders(headers)).toEqual({ headers: { Discount: '100%' }, key: undefined, group: undefined });
    expect(readHeaders(undefined)).toEqual({ headers: {}, key: undefined, group: undefined });
  });
});
