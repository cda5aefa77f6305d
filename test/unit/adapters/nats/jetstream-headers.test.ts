import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHeaders, writeHeaders } from '../../../../src/adapters/nats/jetstream-headers.js';
import type { OutRecord } from '../../../../src/messaging/driver.js';

const record = (rest: Partial<OutRecord>): OutRecord => ({
  ...{ id: 'i', topic: 't', key: undefined, headers: {}, body: new Uint8Array() },
  ...{ notBefore: undefined, expiresAt: undefined, priority: 0, group: undefined },
  ...rest,
});

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
      }),
    );
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
