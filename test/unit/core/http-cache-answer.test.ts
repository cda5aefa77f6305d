import { describe, expect, it } from 'vitest';
import {
  type AnswerToCache,
  type CacheableAnswer,
  cacheable,
  standsIn,
  useOf,
} from '../../../src/core/http-cache-answer.js';
import { readCacheControl } from '../../../src/core/http-cache-control.js';

const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
const wall = Date.UTC(1994, 10, 6, 8, 49, 37);
const none = { defaultTtlMs: 0, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };

function judge(fields: Record<string, string>, more: Partial<AnswerToCache> = {}, grace = none) {
  const field = (name: string) => fields[name];
  return cacheable({ status: 200, field, sentAt: wall, receivedAt: wall, named: false, ...more }, grace);
}

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
    [{ age: ' 7 , x' }, 8_000],
    [{ age: 'x' }, 1_000],
    [{ age: 'x7' }, 1_000],
    [{ age: '7x' }, 1_000],
    [{ age: '7 7' }, 1_000],
    [{ date: 'Sun, 06 Nov 1994 08:49:17 GMT' }, 20_000],
    [{ date: 'Sun, 06 Nov 1994 09:49:37 GMT' }, 0],
  ])('with %j is %i ms old', (fields, ageMs) => {
    const all = { 'cache-control': 'max-age=60', ...fields } as Record<string, string>;
    const sentAt = 'age' in fields ? wall - 1_000 : wall;
    expect(judge(all, { sentAt })).toMatchObject({ ageMs });
  });

  it.each(['99999999999', '9'.repeat(400)])('is as old as can be with an age of %s', age => {
    const fields = { 'cache-control': 'max-age=60', age };
    expect(judge(fields)).toBeUndefined();
    expect(judge({ ...fields, etag: '"a"' })).toMatchObject({ ageMs: 2 ** 31 * 1_000 });
  });

  it.each([
    [undefined, []],
    ['', []],
    ['Accept-Encoding', ['accept-encoding']],
    [' X-A,, X-B , ', ['x-a', 'x-b']],
  ])('knows what an answer depends on, by %j', (vary, names) => {
    const fields = { 'cache-control': 'max-age=60', ...(vary === undefined ? {} : { vary }) };
    expect(judge(fields as Record<string, string>)?.vary).toEqual(names);
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
