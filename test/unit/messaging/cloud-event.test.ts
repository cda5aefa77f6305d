import { describe, expect, it } from 'vitest';
import { type CloudEvent, type CloudEventInit, cloudEvent } from '../../../src/messaging/cloud-event.js';

const base = { id: '1', source: '/mycontext', type: 'com.example.someevent' };
const make = (more: object) => cloudEvent({ ...base, ...more });
const events: Record<string, object> = {
  'the least that there is': {},
  'all attributes of the specification': {
    datacontenttype: 'application/xml',
    dataschema: 'https://example.com/schema#/a',
    subject: '123',
    time: '2018-04-05T17:31:00Z',
    data: '<much wow="xml"/>',
  },
  'extensions of every type': {
    comexampleextension1: 'value',
    n: 5,
    flag: false,
    bytes: new Uint8Array([1]),
  },
  'an extension of digits': { 0: 'zero' },
  'a long name': { averyveryverylongextensionname: '' },
  'the ends of an Integer': { low: -2_147_483_648, high: 2_147_483_647 },
  'a text beyond the basic plane': { subject: 'Euro € 😀' },
};

describe('an event', () => {
  it.each(Object.entries(events))('may have %s', (_, more) => {
    expect(make(more)).toEqual({ specversion: '1.0', ...base, ...more });
  });

  it('is frozen, plain, and in the order of the specification', () => {
    const event = cloudEvent({
      x: '1',
      data: 1,
      time: '2018-04-05T17:31:00Z',
      type: 'b',
      source: 'a',
      id: 'i',
    });
    expect(Object.isFrozen(event)).toBe(true);
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
    expect(Object.keys(event)).toEqual([
      ...['specversion', 'id', 'source', 'type', 'datacontenttype', 'time', 'x', 'data'],
    ]);
  });

  it('gets an id and the version where they are left out', () => {
    const [a, b] = [cloudEvent({ source: 'a', type: 'b' }), cloudEvent({ source: 'a', type: 'b', id: null })];
    expect(a.specversion).toBe('1.0');
    expect(a.id).toMatch(/^[\da-f-]{36}$/);
    expect(b.id).not.toBe(a.id);
  });

  it.each([null, 0, '', false, [], {}, 'text'])('keeps %j as data, and says that it is JSON', data => {
    expect(make({ data })).toMatchObject({ data, datacontenttype: 'application/json' });
  });

  it('tells no data from null, and attributes of null from nothing', () => {
    expect(make({ data: undefined })).not.toHaveProperty('data');
    expect(make({ data: undefined })).not.toHaveProperty('datacontenttype');
    expect(make({ subject: null, ext: null, other: undefined, datacontenttype: null })).toEqual(make({}));
  });

  it('says nothing of what bytes are', () => {
    expect(make({ data: new Uint8Array([123, 125]) })).not.toHaveProperty('datacontenttype');
  });

  it('keeps the text of a time', () => {
    const time = '2018-04-05T17:31:00.123456789+02:00';
    expect(make({ time }).time).toBe(time);
  });

  it('has an own attribute called constructor, and changes no prototype', () => {
    const event = make({ constructor: 'acme' });
    expect(Object.hasOwn(event, 'constructor')).toBe(true);
    expect(event['constructor']).toBe('acme');
    const hostile = JSON.parse('{"id":"1","source":"a","type":"b","__proto__":{"polluted":1}}') as CloudEvent;
    expect(() => cloudEvent(hostile)).toThrow('`__proto__` must be named by a–z and 0–9');
    expect({}).not.toHaveProperty('polluted');
  });

  it('has a zero without a sign', () => expect(Object.is(make({ n: -0 })['n'], 0)).toBe(true));
});

const control = 'free of control characters, noncharacters and lone surrogates';
const text = 'a text that is not empty';
const wrong: [string, unknown, string][] = [
  ['specversion', '0.3', '"1.0", got "0.3"'],
  ['specversion', 1, '"1.0", got 1'],
  ['id', '', `${text}, got ""`],
  ['id', 7, `${text}, got 7`],
  ['id', 'a\nb', `${control}, got "a\\nb"`],
  ['source', '', 'a URI-reference that is not empty, got ""'],
  ['source', 'a b', 'a URI-reference that is not empty, got "a b"'],
  ['source', undefined, 'a URI-reference that is not empty, got undefined'],
  ['type', undefined, `${text}, got undefined`],
  ['type', null, `${text}, got null`],
  ['datacontenttype', 'json', 'a media type, got "json"'],
  ['dataschema', '/relative', 'a URI, got "/relative"'],
  ['dataschema', '', 'a URI, got ""'],
  ['subject', '', `${text}, got ""`],
  ['subject', '\u0085', control],
  ['subject', '\ufdd0', control],
  ['subject', '\u{1ffff}', control],
  ['subject', '\ud800', control],
  ['time', 'yesterday', 'a timestamp of RFC 3339, got "yesterday"'],
  ['time', new Date(0), 'a timestamp of RFC 3339, got an object'],
  ['ext', 1.5, 'an integer of 32 bits, a boolean or a Uint8Array, got 1.5'],
  ['ext', 2_147_483_648, 'got 2147483648'],
  ['ext', Number.NaN, 'got NaN'],
  ['ext', {}, 'got an object'],
  ['ext', [1, 2], 'got a list of 2'],
  ['ext', 5n, 'got 5'],
  ['Ext', 'a', 'named by a–z and 0–9, and not `data`, got "a"'],
  ['my_ext', 'a', 'named by'],
  ['', 'a', 'named by'],
  ['éxt', 'a', 'named by'],
  ['data', new ArrayBuffer(8), 'a Uint8Array where it is binary, got an object'],
  ['data', new Uint32Array(2), 'a Uint8Array where it is binary'],
];

describe('what is no event', () => {
  it.each(wrong)('has %s %o', (name, value, says) => {
    const init = { ...base, [name]: value } as CloudEventInit;
    let error: unknown;
    // Not a tail call: an engine may leave out the frame of those.
    function whoeverMakesIt() {
      return [cloudEvent(init)];
    }
    try {
      whoeverMakesIt();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'ERR_CLOUD_EVENT', name: 'CloudEventError', attribute: name });
    expect((error as Error).message).toContain(`CloudEvent: \`${name}\` must be `);
    expect((error as Error).message).toContain(says);
    expect((error as Error).stack).toContain('whoeverMakesIt');
  });

  it('has data that its type does not fit', () => {
    expect(() => make({ datacontenttype: 'text/plain', data: {} })).toThrow(
      '`data` must be a text or a Uint8Array, as text/plain is not JSON, got an object',
    );
  });

  it('has text that no encoding has', () => {
    expect(() => make({ datacontenttype: 'text/plain', data: '\ud800' })).toThrow('free of lone surrogates');
    expect(make({ data: '\ud800' }).data).toBe('\ud800');
  });

  it.each([undefined, null, 'text', 5, []])('is %o', init => {
    expect(() => cloudEvent(init as never)).toThrow('CloudEvent: an event must be an object, got ');
  });

  it('is told of without its whole value', () => {
    expect(() => make({ time: 'x'.repeat(1e6) })).toThrow(/got "x{80}"… \(1000000 characters\)$/);
    expect(() => make({ ['X'.repeat(1e6)]: 1 })).toThrow(/^CloudEvent: `X{80}` must be/);
    expect(() => make({ time: new Uint8Array(5) })).toThrow(/got 5 bytes$/);
  });
});
