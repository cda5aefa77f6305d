import { describe, expect, it } from 'vitest';
import { Waiter, WaitLine, type WaitOrder } from '../../../src/core/wait-line.js';

class Named extends Waiter {
  readonly item: string;

  constructor(item: string) {
    super();
    this.item = item;
  }
}

const line = (order: WaitOrder, places = 10, levels = 3, ageMs = 1_000): WaitLine<Named> =>
  new WaitLine<Named>({ places, order, levels, ageMs });

const drain = (waiting: WaitLine<Named>): string => {
  let served = '';
  while (served.length < 100) {
    const waiter = waiting.shift();
    if (waiter === undefined) break;
    served += waiter.item;
  }
  return served;
};

/** Each arrival is `[item, level, now]`. */
type Arrival = readonly [string, number, number];
const joinAll = (waiting: WaitLine<Named>, arrivals: readonly Arrival[]): Named[] =>
  arrivals.map(([item, level, now]) => {
    const waiter = new Named(item);
    waiting.join(waiter, level, now);
    return waiter;
  });

describe('WaitLine', () => {
  const arrivals: Arrival[] = [
    ['a', 2, 0],
    ['b', 0, 10],
    ['c', 1, 20],
    ['d', 0, 30],
  ];

  it.each([
    ['fifo', 1_000, 'abcd'],
    ['lifo', 1_000, 'dcba'],
    ['priority', 1_000, 'bdca'],
    ['priority', Number.POSITIVE_INFINITY, 'bdca'],
    ['priority', 15, 'badc'],
    ['priority', 0.001, 'abcd'],
  ] as const)('serves in %s order (ageMs %d) as %s', (order, ageMs, served) => {
    const waiting = line(order, 10, 3, ageMs);
    joinAll(waiting, arrivals);
    expect(waiting.size).toBe(4);
    expect(drain(waiting)).toBe(served);
    expect(waiting.size).toBe(0);
  });

  it('keeps the order of arrival within a level', () => {
    const waiting = line('priority');
    joinAll(waiting, [
      ['a', 1, 5],
      ['b', 1, 5],
      ['c', 1, 5],
    ]);
    expect(drain(waiting)).toBe('abc');
  });

  it('puts who has waited an age span before a newcomer one level up, not a moment sooner', () => {
    const soon = line('priority');
    joinAll(soon, [
      ['old', 1, 0],
      ['new', 0, 999],
    ]);
    expect(soon.shift()?.item).toBe('new');

    const late = line('priority');
    joinAll(late, [
      ['old', 1, 0],
      ['new', 0, 1_000],
    ]);
    expect(late.shift()?.item).toBe('old');
  });

  it('never ages under strict priority, at any reading of the clock', () => {
    const waiting = line('priority', 10, 16, Number.POSITIVE_INFINITY);
    joinAll(waiting, [
      ['z', 15, 0],
      ['y', 14, 1e15],
      ['a', 0, 1e300],
    ]);
    expect(drain(waiting)).toBe('ayz');
  });

  it('lets a waiter leave from any place, once', () => {
    const waiting = line('fifo');
    const places = joinAll(waiting, arrivals);
    expect([1, 3, 0].map(place => waiting.leave(places[place]!))).toEqual([true, true, true]);
    expect(waiting.leave(places[1]!)).toBe(false);
    expect(waiting.size).toBe(1);
    expect(drain(waiting)).toBe('c');
    expect(waiting.leave(places[2]!)).toBe(false);
    expect(waiting.size).toBe(0);
    expect(waiting.shift()).toBeUndefined();
  });

  it.each([
    ['fifo', 0, undefined],
    ['lifo', 0, 'a'],
    ['priority', 0, 'a'],
    ['priority', 2, undefined],
  ] as const)('displaces whoever would be served last: %s, newcomer of level %d', (order, level, gone) => {
    const waiting = line(order, 4);
    joinAll(waiting, arrivals);
    expect(waiting.isFull).toBe(true);
    expect(waiting.displace(level, 40)?.item).toBe(gone);
    expect(waiting.isFull).toBe(gone === undefined);
  });

  it('displaces nobody who has aged past the newcomer', () => {
    const waiting = line('priority', 1);
    waiting.join(new Named('old'), 2, 0);
    expect(waiting.displace(1, 1_000)).toBeUndefined();
    expect(waiting.displace(1, 999)?.item).toBe('old');
  });

  it('displaces the later one of two that would be served last', () => {
    const waiting = line('priority', 2);
    joinAll(waiting, [
      ['early', 2, 0],
      ['later', 1, 1_000],
    ]);
    expect(waiting.displace(0, 1_500)?.item).toBe('later');
  });

  it('does not care where the clock starts', () => {
    const waiting = line('priority', 1);
    waiting.join(new Named('old'), 1, -5_000);
    expect(waiting.displace(0, -4_999)?.item).toBe('old');
  });

  it('displaces nobody from an empty line', () => {
    for (const order of ['fifo', 'lifo', 'priority'] as const) {
      expect(line(order, 0).displace(0, 0)).toBeUndefined();
    }
  });

  it('shows who came first', () => {
    const waiting = line('fifo');
    expect(waiting.first).toBeUndefined();
    const [first] = joinAll(waiting, arrivals);
    expect(waiting.first).toBe(first);
    drain(waiting);
    expect(waiting.first).toBeUndefined();
  });

  it('is full from the start when it has no places', () => {
    expect(line('fifo', 0).isFull).toBe(true);
  });
});
