import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consumerOf,
  deadSubjectOf,
  placeOf,
  subjectOf,
  topicIn,
} from '../../../../src/adapters/nats/jetstream-names.js';

describe('the name of a consumer', () => {
  it('tells group and pattern in what a server takes', () => {
    expect(consumerOf('billing', 'orders.placed')).toBe('billing,orders+placed');
    expect(consumerOf('audit', 'orders.*.>')).toBe('audit,orders+@+~');
  });

  it('is another one for each group and pattern, and fits a folder', () => {
    const token = fc.stringMatching(/^[\w-]{1,12}$/);
    const pattern = fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 30 });
    const each = fc.tuple(
      token,
      pattern.map(tokens => tokens.join('.')),
    );
    fc.assert(
      fc.property(each, each, (one, other) => {
        const names = [consumerOf(...one), consumerOf(...other)];
        expect(names[0] === names[1]).toBe(one.join(' ') === other.join(' '));
        for (const name of names) expect(name).toMatch(/^[\w,+@~-]{1,200}$/);
      }),
    );
  });
});

describe('a subject', () => {
  it('is the topic under the prefix, and the topic is read from it', () => {
    expect(subjectOf('shop', 'orders.*')).toBe('shop.orders.*');
    expect(topicIn('shop', 'shop.orders.placed')).toBe('orders.placed');
    expect(deadSubjectOf('shop', 'orders.placed', 'billing')).toBe('shop-dead.billing.orders.placed');
  });
});

describe('the place of a delivery', () => {
  it('is read from the subject of its settlement, in both of its forms', () => {
    const place = { delivery: 3, seq: 12, stored: '1700000000000000001' };
    expect(placeOf('$JS.ACK.shop.g,t.3.12.9.1700000000000000001.0')).toEqual(place);
    expect(placeOf('$JS.ACK.hub.ACC.shop.g,t.3.12.9.1700000000000000001.0')).toEqual(place);
    expect(placeOf('$JS.ACK.hub.ACC.shop.g,t.3.12.9.1700000000000000001.0.random')).toEqual(place);
  });

  it.each([undefined, '', '_INBOX.a.b', '$JS.API.INFO', '$JS.ACK.too.short'])('is none in %s', reply => {
    expect(placeOf(reply)).toBeUndefined();
  });
});
