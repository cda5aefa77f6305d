import { describe, expect, it } from 'vitest';
import { fieldsOf304, freshened, hasIt, sameTag } from '../../../src/core/http-conditions.js';

const date = 'Sun, 06 Nov 1994 08:49:37 GMT';

describe('hasIt', () => {
  const lastModified = date;
  it.each([
    ['"a"', undefined, '"a"', true],
    ['W/"a"', undefined, '"a"', true],
    ['"b", "a,b"', undefined, 'W/"a,b"', true],
    ['"b"', undefined, '"a"', false],
    ['"open', undefined, '"open', false],
    ['*', undefined, undefined, true],
    [' * ', undefined, undefined, true],
    ['"b", *', undefined, '"a"', false],
    ['a', undefined, '"a"', false],
    ['""', undefined, '""', true],
    // What parts two tags is none itself.
    ['"b", "c"', undefined, '", "', false],
    ['"a"', undefined, undefined, false],
    // A tag that does not fit outweighs a date that does.
    ['"b"', date, '"a"', false],
    [undefined, date, undefined, true],
    [undefined, 'Sun, 06 Nov 1994 08:49:36 GMT', undefined, false],
    [undefined, 'yesterday', undefined, false],
    [undefined, undefined, '"a"', false],
  ])('with %j and %j, of %j: %s', (match, since, etag, found) => {
    expect(hasIt(match, since, { etag, lastModified })).toBe(found);
  });

  it('knows no date of what has none', () => {
    expect(hasIt(undefined, date, { etag: undefined, lastModified: undefined })).toBe(false);
  });
});

it.each([
  ['"a"', '"a"', true],
  ['W/"a"', '"a"', true],
  ['"a"', 'W/"a"', true],
  ['W/"a"', 'W/"a"', true],
  ['"a"', '"b"', false],
  ['W/"a"', 'W/"b"', false],
  ['"a"', '"aW/"', false],
])('%s and %s are of one version: %s', (a, b, same) => {
  expect(sameTag(a, b)).toBe(same);
});

it('a 304 brings fields up to date, but for those of the body', () => {
  const kept = ['ETag', '"a"', 'Content-Type', 'a/b', 'X-A', '1', 'x-a', '2'];
  const news = ['x-A', '3', 'content-type', 'c/d', 'Date', date];
  expect(freshened(kept, news)).toEqual(['ETag', '"a"', 'Content-Type', 'a/b', 'x-A', '3', 'Date', date]);
  expect(fieldsOf304(kept)).toEqual(['ETag', '"a"']);
});

it.each(['Content-Length', 'Content-Encoding', 'Content-Type', 'Content-Range', 'Transfer-Encoding'])(
  'a 304 does not change %s, which is that of the body that is kept',
  name => {
    expect(freshened([name, 'old'], [name, 'new', 'Date', date])).toEqual([name, 'old', 'Date', date]);
  },
);

it('a 304 takes the place of each field that it has, and of none that is only a value in it', () => {
  const kept = ['ETag', '"a"', 'X-A', '1', 'X-B', '2'];
  expect(freshened(kept, ['X-A', 'etag', 'X-B', 'x'])).toEqual(['ETag', '"a"', 'X-A', 'etag', 'X-B', 'x']);
  expect(freshened(kept, [])).toEqual(kept);
});

it('a 304 to a client says what RFC 9110, 15.4.5 asks for, and nothing of the body', () => {
  const told = [
    ...['Cache-Control', 'max-age=5', 'Content-Location', '/a', 'Date', date, 'ETag', '"a"'],
    ...['Expires', date, 'Vary', 'x-a', 'Last-Modified', date],
  ];
  const others = ['Content-Length', '3', 'Content-Type', 'a/b', 'Age', '5', 'X-A', 'etag'];
  expect(fieldsOf304([...others, ...told, ...others])).toEqual(told);
});
