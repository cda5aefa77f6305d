import { describe, expect, it } from 'vitest';
import { contentModeOf, isJson, isMediaType, isText } from '../../../src/messaging/media-type.js';
import { isTimestamp } from '../../../src/messaging/timestamp.js';
import { isUri, isUriReference } from '../../../src/messaging/uri-reference.js';

describe('a timestamp', () => {
  it.each([
    '2018-04-05T17:31:00Z',
    '1985-04-12T23:20:50.52Z',
    '1996-12-19T16:39:57-08:00',
    '1990-12-31T23:59:60Z',
    '1937-01-01T12:00:27.87+00:20',
    '2018-04-05t17:31:00.123456789z',
    '2024-02-29T00:00:00Z',
    '2000-02-29T00:00:00-00:00',
    '0000-01-01T00:00:00+23:59',
  ])('may be %s', text => expect(isTimestamp(text)).toBe(true));

  it.each([
    '2018-04-05',
    '2018-04-05T17:31:00',
    '2018-04-05 17:31:00Z',
    '2018-04-05T17:31Z',
    '2018-04-05T17:31:00.Z',
    '2018-04-05T17:31:00+0200',
    '2018-4-5T17:31:00Z',
    '2018-13-05T17:31:00Z',
    '2018-00-05T17:31:00Z',
    '2018-04-31T17:31:00Z',
    '2018-04-00T17:31:00Z',
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2018-04-05T24:00:00Z',
    '2018-04-05T17:60:00Z',
    '2018-04-05T17:31:61Z',
    '2018-04-05T17:31:00+24:00',
    '2018-04-05T17:31:00+23:60',
    '2018-04-05T17:31:00Z\n',
    '٢018-04-05T17:31:00Z',
    '',
  ])('is not %j', text => expect(isTimestamp(text)).toBe(false));
});

describe('a URI-reference', () => {
  it.each([
    'https://github.com/cloudevents',
    'mailto:cncf-wg-serverless@lists.cncf.io',
    'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
    '/cloudevents/spec/pull/123',
    '1-555-123-4567',
    'ftp://user:pw@example.com:21/a;b?c=d/?#e?/',
    'http://[2001:db8::7]:80/',
    'http://[v1.a:b]/',
    'file:///etc',
    '//host/path',
    '?query',
    '#fragment',
    'a/b:c',
    './a:b',
    'a%20b',
    '*',
    '',
  ])('may be %s', text => expect(isUriReference(text)).toBe(true));

  it.each([
    'a b',
    'ü',
    '%',
    '%4',
    '%zz',
    '<a>',
    'a\\b',
    '{a}',
    '^',
    '`',
    '|',
    '"',
    'a\n',
    '1a:b',
    ':a',
    '#a#b',
    '/[a]',
    '?[a]',
    '#[a]',
    'http://[::1',
    'http://a]b/',
    'http://host:port/',
    'http://a@b@c/',
  ])('is not %j', text => expect(isUriReference(text)).toBe(false));

  it('is a URI where it names its scheme', () => {
    expect(['a:', 'a+b-c.d:e', 'https://a/b#c'].every(isUri)).toBe(true);
    expect(['a', '/a', '//a/b', '', '1:a', 'a: b'].some(isUri)).toBe(false);
  });
});

describe('a media type', () => {
  it.each(['text/plain', 'TEXT/Plain; CharSet=utf-8', 'application/vnd.a+json;v=1', '*/*', 'a/b ;c'])(
    'may be %s',
    text => expect(isMediaType(text)).toBe(true),
  );

  it.each(['', 'text', 'text/', '/plain', 'a b/c', 'a/b c', 'a/b/c', 'é/b'])('is not %j', text =>
    expect(isMediaType(text)).toBe(false),
  );

  it.each([
    ['application/json', true, false],
    ['Application/JSON;charset=utf-8', true, false],
    ['text/json', true, true],
    ['application/vnd.acme.order+json', true, false],
    ['application/json-seq', false, false],
    ['application/jsonx', false, false],
    ['text/plain', false, true],
    ['text/plain; charset="UTF-8"', false, true],
    ['text/csv;header=present;charset=us-ascii', false, true],
    ['text/plain; charset=iso-8859-1', false, false],
    ['application/xml', false, true],
    ['image/svg+xml', false, true],
    ['application/octet-stream', false, false],
  ])('%s: JSON %s, text %s', (type, json, text) => {
    expect([isJson(type), isText(type)]).toEqual([json, text]);
  });

  it.each([
    [undefined, 'binary'],
    ['', 'binary'],
    ['application/json', 'binary'],
    ['application/cloudevent+json', 'binary'],
    ['application/cloudevents+json', 'structured'],
    ['application/cloudevents+json;charset=utf-8', 'structured'],
    ['Application/CloudEvents+JSON ; charset=utf-8', 'structured'],
    ['application/cloudevents', 'structured'],
    ['application/cloudevents-batch+json; charset=UTF-8', 'batch'],
    ['APPLICATION/CLOUDEVENTS-BATCH+JSON', 'batch'],
  ])('%s is the mode %s', (type, mode) => expect(contentModeOf(type)).toBe(mode));

  it.each([
    'application/cloudevents+avro',
    'application/cloudevents-batch+protobuf',
    'application/cloudevents2',
  ])('%s is a format that is not known', type =>
    expect(() => contentModeOf(type)).toThrow(`the event format must be JSON, got "${type}"`),
  );
});
