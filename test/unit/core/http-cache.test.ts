import { describe, expect, it } from 'vitest';
import {
  type AnswerToCache,
  type CacheableAnswer,
  cacheable,
  standsIn,
  useOf,
} from '../../../src/core/http-cache-answer.js';
import { readCacheControl } from '../../../src/core/http-cache-control.js';
import { HttpCacheStore, saidUnder } from '../../../src/core/http-cache-store.js';
import { fieldsOf304, freshened, hasIt } from '../../../src/core/http-conditions.js';

const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
const wall = Date.UTC(1994, 10, 6, 8, 49, 37);
const none = { defaultTtlMs: 0, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };

function judge(fields: Record<string, string>, more: Partial<AnswerToCache> = {}, grace = none) {
  const field = (name: string) => fields[name];
  return cacheable({ status: 200, field, sentAt: wall, receivedAt: wall, named: false, ...more }, grace);
}

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
    [', ,must-revalidate,proxy-revalidate', { mustRevalidate: true, proxyRevalidate: true }],
    ['only-if-cached, min-fresh=3, no-store', { onlyIfCached: true, minFresh: 3, noStore: true }],
    ['stale-while-revalidate=3, stale-if-error=4', { staleWhileRevalidate: 3, staleIfError: 4 }],
    [undefined, { noStore: false, maxAge: undefined, sMaxAge: undefined }],
  ])('reads %j', (text, found) => {
    expect(readCacheControl(text)).toMatchObject(found);
  });
});

describe('cacheable', () => {
  it.each([
    ['max-age=60', {}, 60_000],
    ['max-age=60, s-maxage=5', {}, 5_000],
    [undefined, { expires: 'Sun, 06 Nov 1994 08:50:37 GMT', date }, 60_000],
    [undefined, { expires: 'Sun, 06 Nov 1994 08:50:37 GMT', date: 'x' }, 60_000],
    ['max-age=5', { expires: 'Sun, 06 Nov 1994 08:50:37 GMT', date }, 5_000],
  ])('finds the lifetime of %j with %j', (control, fields, lifetimeMs) => {
    const all = { ...fields, ...(control === undefined ? {} : { 'cache-control': control }) };
    expect(judge(all as Record<string, string>)).toMatchObject({ lifetimeMs });
  });

  it.each([
    [{}],
    [{ 'cache-control': 'no-store, max-age=60' }],
    [{ 'cache-control': 'private, max-age=60' }],
    [{ 'cache-control': 'max-age=60', vary: 'a, *' }],
    [{ 'cache-control': 'max-age=60', 'set-cookie': 'a=b' }],
    [{ 'cache-control': 'max-age=0' }],
    [{ 'cache-control': 'no-cache' }],
    [{ expires: '0' }],
    [{ 'cache-control': 'max-age=60', age: '60' }],
    // A tag alone says nothing of that it may be kept.
    [{ etag: '"a"' }],
  ])('keeps nothing of %j', fields => {
    expect(judge(fields as Record<string, string>)).toBeUndefined();
  });

  it.each([201, 206, 302, 304, 500, 503])('keeps no answer of status %i', status => {
    expect(judge({ 'cache-control': 'public, max-age=60' }, { status })).toBeUndefined();
  });

  it.each([
    ['max-age=60', false],
    ['public, max-age=60', true],
    ['s-maxage=60', true],
    ['must-revalidate, max-age=60', true],
  ])('keeps %s of a request that says who asks: %s', (control, forAll) => {
    const fields = { 'cache-control': control };
    expect(judge(fields, { named: true }) !== undefined).toBe(forAll);
    expect(judge(fields)?.forAll).toBe(forAll);
  });

  it.each([
    [{ 'cache-control': 'no-cache', etag: '"a"' }],
    [{ 'cache-control': 'max-age=0', 'last-modified': date }],
    [{ expires: '0', etag: '"a"' }],
    [{ 'cache-control': 'public', etag: '"a"' }],
    [{ 'cache-control': 'must-revalidate', etag: '"a"' }],
    [{ 'cache-control': 'max-age=0, stale-if-error=9' }],
  ])('keeps %j, to ask with or in need', fields => {
    expect(judge(fields as Record<string, string>)).toBeDefined();
  });

  it.each([
    [{}, 0],
    [{ age: '7' }, 8_000],
    [{ age: '7, 9' }, 8_000],
    [{ age: 'x' }, 1_000],
    [{ date: 'Sun, 06 Nov 1994 08:49:17 GMT' }, 20_000],
    [{ date: 'Sun, 06 Nov 1994 09:49:37 GMT' }, 0],
  ])('with %j is %i ms old', (fields, ageMs) => {
    const all = { 'cache-control': 'max-age=60', ...fields } as Record<string, string>;
    const sentAt = 'age' in fields ? wall - 1_000 : wall;
    expect(judge(all, { sentAt })).toMatchObject({ ageMs });
  });

  it('takes what the route says for what the answer does not, and for nothing else', () => {
    const grace = { defaultTtlMs: 5, staleWhileRevalidateMs: 6, staleIfErrorMs: 7 };
    expect(judge({}, {}, grace)).toMatchObject({
      lifetimeMs: 5,
      staleWhileRevalidateMs: 6,
      staleIfErrorMs: 7,
    });
    const said = { 'cache-control': 'max-age=1, stale-while-revalidate=2, stale-if-error=0' };
    expect(judge(said, {}, grace)).toMatchObject({
      ...{ lifetimeMs: 1_000, staleWhileRevalidateMs: 2_000, staleIfErrorMs: 0 },
    });
    expect(judge({ 'cache-control': 'no-cache', etag: '"a"' }, {}, grace)).toMatchObject({ lifetimeMs: 0 });
    for (const strict of ['must-revalidate', 'proxy-revalidate', 's-maxage=1', 'no-cache']) {
      const fields = { 'cache-control': `max-age=1, stale-if-error=9, ${strict}`, etag: '"a"' };
      expect(judge(fields, {}, grace)).toMatchObject({ staleWhileRevalidateMs: 0, staleIfErrorMs: 0 });
    }
  });
});

describe('an answer that is kept', () => {
  const kept: CacheableAnswer = {
    ...{ lifetimeMs: 10_000, ageMs: 2_000, vary: [], forAll: true, noCache: false },
    ...{ staleWhileRevalidateMs: 5_000, staleIfErrorMs: 20_000, etag: undefined, lastModified: undefined },
  };
  it.each([
    [7_999, '', 'fresh'],
    [8_000, '', 'stale'],
    [12_999, '', 'stale'],
    [13_000, '', 'ask'],
    [0, 'no-cache', 'ask'],
    [0, 'max-age=2', 'fresh'],
    [1, 'max-age=2', 'ask'],
    [0, 'min-fresh=8', 'fresh'],
    [1, 'min-fresh=8', 'ask'],
    [8_000, 'max-age=60', 'ask'],
  ] as const)('after %i ms, for %j, is %s', (ms, asked, use) => {
    expect(useOf(kept, ms, readCacheControl(asked))).toBe(use);
    expect(useOf({ ...kept, noCache: true }, ms, readCacheControl(asked))).toBe('ask');
  });

  it('stands in for its time', () => {
    expect([27_999, 28_000].map(ms => standsIn(kept, ms))).toEqual([true, false]);
  });
});

describe('hasIt', () => {
  const lastModified = date;
  it.each([
    ['"a"', undefined, '"a"', true],
    ['W/"a"', undefined, '"a"', true],
    ['"b", "a,b"', undefined, 'W/"a,b"', true],
    ['"b"', undefined, '"a"', false],
    ['"open', undefined, '"open', false],
    ['*', undefined, undefined, true],
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

it('a 304 brings fields up to date, but for those of the body', () => {
  const kept = ['ETag', '"a"', 'Content-Type', 'a/b', 'X-A', '1', 'x-a', '2'];
  const news = ['x-A', '3', 'content-type', 'c/d', 'Date', date];
  expect(freshened(kept, news)).toEqual(['ETag', '"a"', 'Content-Type', 'a/b', 'x-A', '3', 'Date', date]);
  expect(fieldsOf304(kept)).toEqual(['ETag', '"a"']);
});

describe('the store', () => {
  const answer = (
    id: string,
    bytes: number,
    vary: readonly string[] = [],
    fields: Record<string, string> = {},
  ) => ({
    ...{ id, bytes, vary, said: saidUnder(vary, name => fields[name]) },
  });
  const asks =
    (fields: Record<string, string> = {}) =>
    (name: string) =>
      fields[name];

  it('finds by what the request said, the newest first', () => {
    const store = new HttpCacheStore<ReturnType<typeof answer>>(10, 1_000);
    store.put(
      'k',
      'u',
      answer('gzip', 1, ['accept-encoding'], { 'accept-encoding': 'gzip , br' }),
      undefined,
    );
    store.put('k', 'u', answer('bare', 1, ['accept-encoding']), undefined);
    expect(store.find('k', asks({ 'accept-encoding': 'gzip,br' }))!.id).toBe('gzip');
    expect(store.find('k', asks())!.id).toBe('bare');
    expect(store.find('k', asks({ 'accept-encoding': 'x' }))).toBeUndefined();
    store.put('k', 'u', answer('newer', 1, ['accept-encoding']), undefined);
    expect([store.find('k', asks())!.id, store.entries, store.bytes]).toEqual(['newer', 2, 2]);
    store.put('k', 'u', answer('all', 1), store.find('k', asks()));
    expect([store.find('k', asks())!.id, store.entries]).toEqual(['all', 2]);
  });

  it('keeps 16 variants of a key', () => {
    const store = new HttpCacheStore<ReturnType<typeof answer>>(100, 1_000);
    for (let at = 0; at < 20; at++) store.put('k', 'u', answer(`${at}`, 1, ['a'], { a: `${at}` }), undefined);
    expect([store.entries, store.find('k', asks({ a: '3' })), store.find('k', asks({ a: '4' }))!.id]).toEqual(
      [16, undefined, '4'],
    );
  });

  it('never has more than it may, in number and in bytes', () => {
    const store = new HttpCacheStore<ReturnType<typeof answer>>(3, 100);
    for (let at = 0; at < 50; at++) {
      store.put(`k${at}`, `u${at % 4}`, answer(`${at}`, (at * 7) % 60), undefined);
      store.find('k1', asks());
      expect(store.entries).toBeLessThanOrEqual(3);
      expect(store.bytes).toBeLessThanOrEqual(100);
    }
    expect(store.find('k49', asks())!.id).toBe('49');
    expect(store.put('k', 'u', answer('large', 101), undefined)).toBe(false);
    expect(store.put('k', 'u', answer('all', 100), undefined)).toBe(true);
    expect([store.entries, store.bytes]).toEqual([1, 100]);
  });

  it('forgets a URI under all of its keys, one answer, or all', () => {
    const store = new HttpCacheStore<ReturnType<typeof answer>>(10, 100);
    const [a, b] = [answer('a', 1), answer('b', 1)];
    for (const key of ['k1', 'k2']) store.put(key, 'u', a, undefined);
    store.put('k3', 'v', b, undefined);
    expect([store.invalidate('u'), store.invalidate('u'), store.entries]).toEqual([2, 0, 1]);
    store.remove('k3', a);
    store.remove('none', a);
    store.remove('k3', undefined);
    expect(store.entries).toBe(1);
    store.remove('k3', b);
    expect([store.entries, store.bytes]).toEqual([0, 0]);
    store.put('k1', 'u', a, undefined);
    store.clear();
    expect([store.entries, store.bytes, store.invalidate('u')]).toEqual([0, 0, 0]);
  });
});
