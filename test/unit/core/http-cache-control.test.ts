import { describe, expect, it } from 'vitest';
import { readCacheControl } from '../../../src/core/http-cache-control.js';

describe('readCacheControl', () => {
  it.each([
    ['max-age=60', { maxAge: 60 }],
    ['MAX-AGE="60" , s-maxage=5', { maxAge: 60, sMaxAge: 5 }],
    ['max-age=60, max-age=10', { maxAge: 10 }],
    ['max-age=99999999999999', { maxAge: 2 ** 31 }],
    ['max-age=-1', { maxAge: 0 }],
    ['max-age', { maxAge: 0 }],
    ['private="set-cookie, x", no-cache="a\\"b"', { isPrivate: true, noCache: true }],
    ['x="no-store, y", public', { noStore: false, isPublic: true }],
    ['x="open, no-store', { noStore: false }],
    ['x="\\', { noStore: false }],
    // A quote behind a backslash does not end the text; one without ends it.
    ['x="a\\", no-store, b"', { noStore: false }],
    ['x="a\\\\", no-store, b"', { noStore: true }],
    ['max-age="6\\0"', { maxAge: 60 }],
    ['max-age="6\\', { maxAge: 6 }],
    ['max-age="6"0', { maxAge: 60 }],
    ['max-age=6=0', { maxAge: 0 }],
    ['max-age=6x', { maxAge: 0 }],
    ['max-age=x6', { maxAge: 0 }],
    [' max-age = 6 ', { maxAge: 6 }],
    ['"no-store"', { noStore: false }],
    // A name has no quotes that could hide what is behind it.
    ['"x, no-store', { noStore: true }],
    [', ,must-revalidate,proxy-revalidate', { mustRevalidate: true, proxyRevalidate: true }],
    ['only-if-cached, min-fresh=3, no-store', { onlyIfCached: true, minFresh: 3, noStore: true }],
    ['stale-while-revalidate=3, stale-if-error=4', { staleWhileRevalidate: 3, staleIfError: 4 }],
    [undefined, { noStore: false, maxAge: undefined, sMaxAge: undefined }],
  ])('reads %j', (text, found) => {
    expect(readCacheControl(text)).toMatchObject(found);
  });
});
