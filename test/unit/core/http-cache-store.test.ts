import { describe, expect, it } from 'vitest';
import { HttpCacheStore, saidUnder } from '../../../src/core/http-cache-store.js';

describe('what a request says', () => {
  const said = (text: string | undefined) => saidUnder(['a'], () => text)[0];

  it.each(['a,b', 'a, b', 'a ,b', ' a\t , \tb  '])('is the same with blanks at commas: %j', text => {
    expect(said(text)).toBe('a,b');
  });

  it('is different with other words, none, and blanks amid them', () => {
    const texts = ['ab', 'a b', 'a  b', 'a,b', 'a,,b', 'b,a', '', undefined];
    expect(texts.map(said)).toEqual(texts);
  });

  it('is what it says under each name', () => {
    expect(saidUnder(['x', 'y'], name => `${name}1`)).toEqual(['x1', 'y1']);
  });
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

  it('keeps answers side by side that depend on other fields, or of which one field differs', () => {
    const store = new HttpCacheStore<ReturnType<typeof answer>>(10, 1_000);
    store.put('k', 'u', answer('by a', 1, ['a'], { a: '1' }), undefined);
    store.put('k', 'u', answer('by b', 1, ['b'], { b: '1' }), undefined);
    expect([store.find('k', asks({ a: '1' }))!.id, store.find('k', asks({ b: '1' }))!.id]).toEqual([
      'by a',
      'by b',
    ]);
    store.put('l', 'u', answer('1 2', 1, ['a', 'b'], { a: '1', b: '2' }), undefined);
    store.put('l', 'u', answer('1 3', 1, ['a', 'b'], { a: '1', b: '3' }), undefined);
    expect([store.entries, store.find('l', asks({ a: '1', b: '2' }))!.id]).toEqual([4, '1 2']);
  });

  it('makes room for one by taking out one, of those that nobody asked for', () => {
    const store = new HttpCacheStore<ReturnType<typeof answer>>(3, 100);
    const ids = () => ['k1', 'k2', 'k3', 'k4', 'k5'].filter(key => store.find(key, asks()) !== undefined);
    for (const key of ['k1', 'k2', 'k3']) store.put(key, key, answer(key, 1), undefined);
    store.find('k1', asks());
    store.put('k4', 'k4', answer('k4', 1), undefined);
    expect(ids()).toEqual(['k1', 'k3', 'k4']);
    store.put('k5', 'k5', answer('k5', 99), undefined);
    expect([store.entries, store.bytes]).toEqual([2, 100]);
  });

  it('knows no URI any more of which it keeps nothing', () => {
    const store = new HttpCacheStore<ReturnType<typeof answer>>(2, 100);
    const [a, b] = [answer('a', 1), answer('b', 1)];
    store.put('k1', 'u', a, undefined);
    store.put('k2', 'u', b, undefined);
    store.remove('k1', a);
    expect([store.uris, store.invalidate('u')]).toEqual([1, 1]);
    store.put('k1', 'u', a, undefined);
    store.remove('k1', a);
    expect([store.uris, store.invalidate('u')]).toEqual([0, 0]);
    for (let at = 0; at < 9; at++) store.put(`k${at}`, `u${at}`, answer(`${at}`, 1), undefined);
    expect(store.uris).toBe(2);
    store.clear();
    expect(store.uris).toBe(0);
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
