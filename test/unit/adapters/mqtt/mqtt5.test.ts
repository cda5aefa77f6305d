import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetSize, propertiesOf, recordOf } from '../../../../src/adapters/mqtt/mqtt-record.js';
import { SeatRoll } from '../../../../src/adapters/mqtt/mqtt-seats.js';
import { MqttTopics } from '../../../../src/adapters/mqtt/mqtt-topics.js';
import { mqtt5 } from '../../../../src/adapters/mqtt/mqtt5.js';
import type { OutRecord } from '../../../../src/messaging/driver.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';

const connect = () => ({}) as never;
const record: OutRecord = {
  ...{ topic: 'orders', id: 'a', key: undefined, headers: {}, body: new Uint8Array(10), priority: 0 },
  ...{ notBefore: undefined, expiresAt: undefined, group: undefined },
};

describe('mqtt5', () => {
  it.each([
    [{}, 'mqtt5: `connect` must be a function that opens a connection, got undefined'],
    [
      { connect, prefix: '/a' },
      'mqtt5: `prefix` must be at most 8 levels of A-Z a-z 0-9 _ and -, with / between',
    ],
    [{ connect, prefix: 'a/#' }, 'mqtt5: `prefix` must be at most 8 levels'],
    [{ connect, sessionExpiryMs: 1 }, 'mqtt5: `sessionExpiryMs` must be a number >= 1000'],
    [
      { connect, deadLetterGroup: 'a b' },
      'mqtt5: `deadLetterGroup` must be null or the name of a group, got "a b"',
    ],
    [{ connect, unrouted: 'drop' }, "mqtt5: `unrouted` must be 'ignore' or 'refuse', got \"drop\""],
    [{ connect, awaitGroups: 1 }, 'mqtt5: `awaitGroups` must be'],
    [{ connect, retained: 'a' }, 'mqtt5: `retained` must be an array of at most 100 topics or patterns'],
    [{ connect, retained: ['a', 'b..c'] }, 'mqtt5: `retained.1` must be dot separated tokens'],
    [{ connect, maxRecordBytes: 0 }, 'mqtt5: `maxRecordBytes` must be an integer >= 1'],
    [{ connect, clientId: 'me' }, 'mqtt5: unknown option `clientId`'],
  ])('refuses %o', (options, message) => {
    expect(() => mqtt5(options as never)).toThrow(message);
  });

  it('opens no connection before it is asked to', () => {
    const opened: unknown[] = [];
    mqtt5({ connect: options => opened.push(options) as never });
    expect(opened).toEqual([]);
  });
});

describe('the topics of a bus over MQTT', () => {
  const topics = new MqttTopics('shop');
  const bare = new MqttTopics('');

  it.each([
    ['a', 'shop/a', 'a'],
    ['a.b-c.d_1', 'shop/a/b-c/d_1', 'a/b-c/d_1'],
    ['a.g.dlq', 'shop~/dead/a/g/dlq', 'keelson~/dead/a/g/dlq'],
  ])('put %s at %s, and without a prefix at %s', (name, below, alone) => {
    expect([topics.topic(name), bare.topic(name)]).toEqual([below, alone]);
    expect([topics.name(below), bare.name(alone)]).toEqual([name, name]);
  });

  it.each([
    ['a.*.b', 'shop/a/+/b'],
    // `shop/a/#` would match `shop/a` as well.
    ['a.>', 'shop/a/+/#'],
    ['>', 'shop/+/#'],
    ['a.*.g.dlq', 'shop~/dead/a/+/g/dlq'],
  ])('have %s match as %s does', (pattern, filter) => {
    expect(topics.filter(pattern)).toBe(filter);
    expect(topics.shared('g', pattern)).toBe(`$share/g/${filter}`);
  });

  it.each(['other/a', 'shop/', 'shop/a//b', 'shop/a b', 'shop/a.b', 'shop/é', 'shop~/seats/g/a/1', '$SYS/a'])(
    'take %s for none of theirs',
    at => {
      expect(topics.name(at)).toBeUndefined();
    },
  );
});

describe('a message over MQTT', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter(each => each !== 'content-type');
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map(units => String.fromCharCode(...units)),
    fc.constantFrom('%000a', '%', '\n', '\ud800'),
  );

  it('has the same headers at both ends, and nothing that brokers refuse in between', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { noNullPrototype: true }), value, (own, type) => {
        const headers = { ...own, 'content-type': type };
        const properties = propertiesOf({ ...record, headers }, 0);
        const all = [properties.contentType ?? '', ...Object.values(properties.userProperties ?? {})].join(
          '',
        );
        expect(all).not.toMatch(/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u);
        const packet = { topic: 't', payload: record.body, dup: false, retain: false, properties };
        expect(recordOf('orders', packet).headers).toEqual(headers);
      }),
    );
  });

  it.each([
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [-5, 1],
    [2 ** 45, 2 ** 32 - 1],
  ])('that ends in %d ms expires after %d s', (ms, seconds) => {
    expect(propertiesOf({ ...record, expiresAt: 7_000 + ms }, 7_000).messageExpiryInterval).toBe(seconds);
  });

  it('has no empty properties', () => {
    expect(propertiesOf(record, 0)).toEqual({});
  });

  it('is not larger than it is taken for', () => {
    const properties = { contentType: 'a/é', userProperties: { a: '€', bb: '' } };
    // A byte for the type, 4 for the length, 2 + 7 the topic, 2 the id, 4 for the length of the properties,
    // 3 + 4 the content type, 5 + 1 + 3 and 5 + 2 the pairs, and the body.
    expect(packetSize('a/b/c/d', properties, new Uint8Array(10))).toBeGreaterThanOrEqual(
      1 + 4 + 9 + 2 + 4 + 7 + 9 + 7 + 10,
    );
  });
});

describe('the seats of a group', () => {
  const made = () => {
    const clock = new VirtualClock();
    const told: string[] = [];
    const roll = new SeatRoll('shop~', 'g', 'orders', clock);
    roll.listeners.add({ look: () => void told.push('look'), answer: () => void told.push('answer') });
    return { clock, told, roll };
  };

  it('are assured by who has one and says so, not by what is retained or who only empties one', () => {
    const { roll } = made();
    for (const [seat, text, isNews, assured] of [
      ['1', 'me', false, false],
      ['2', 'free', false, false],
      ['2', 'gone', true, false],
      ['2', 'you empties', true, false],
      ['1', '', true, false],
      ['3', 'free', true, true],
    ] as const) {
      roll.note(seat, text, isNews);
      expect([text, roll.assured]).toEqual([text, assured]);
    }
    expect([roll.size, roll.free, roll.holder('2'), roll.holder('1')]).toEqual([2, ['3'], 'you', undefined]);
    roll.clear();
    expect([roll.size, roll.assured, roll.deserted]).toEqual([0, false, false]);
  });

  it('are free when nobody has answered a call for 5 s', async () => {
    const { roll, clock, told } = made();
    roll.note('1', 'me', false);
    roll.note('2', 'you', false);
    expect(roll.callable).toBe(true);
    roll.note('call', '', true);
    expect([roll.callable, told]).toEqual([false, ['look', 'look', 'answer']]);
    roll.note('2', 'you', true);
    await clock.advance(4_999);
    expect(roll.free).toEqual([]);
    await clock.advance(1);
    expect([roll.free, roll.deserted]).toEqual([['1'], false]);
  });
});
