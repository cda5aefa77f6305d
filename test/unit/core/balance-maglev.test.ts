import { describe, expect, it } from 'vitest';
import type { BalancedHost } from '../../../src/core/balance.js';
import { Maglev } from '../../../src/core/balance-maglev.js';
import { MaglevFill } from '../../../src/core/balance-maglev-fill.js';
import { fmix32, fnv1a } from './published-hashes.js';

const hostsOf = (...weights: number[]): BalancedHost[] =>
  weights.map((weight, at) => ({ id: `h${at}`, slot: at, weight, inFlight: 0 }));

/** Whose each place of a table is: a key below the size of the table is the number of its place. */
function tableOf(size: number, hosts: readonly BalancedHost[]): string[] {
  const table = new Maglev(size, Infinity);
  table.reset(hosts);
  return Array.from({ length: size }, (_, place) => table.choose(place, undefined)!.id);
}

const KEYS = Array.from({ length: 300 }, (_, at) => fmix32(at + 1));
const startOf = (id: string, size: number) => fmix32(fnv1a(id)) % size;
const skipOf = (id: string, size: number) => 1 + (fmix32(fnv1a(id, 0x811c9dc5 ^ 0x9747b28c)) % (size - 1));

/** A table as the paper makes it: with the order of each host written out, and turns by whole numbers. */
function expectedTable(size: number, weights: readonly number[]): string[] {
  const heaviest = Math.max(...weights);
  const orders = weights.map((_, host) =>
    Array.from({ length: size }, (_, j) => (startOf(`h${host}`, size) + j * skipOf(`h${host}`, size)) % size),
  );
  const table = new Map<number, string>();
  for (let round = 1; table.size < size; round++) {
    weights.forEach((weight, host) => {
      const turns = Math.floor((round * weight) / heaviest) - Math.floor(((round - 1) * weight) / heaviest);
      if (turns === 0 || table.size === size) return;
      const place = orders[host]!.find(one => !table.has(one))!;
      table.set(place, `h${host}`);
    });
  }
  return Array.from({ length: size }, (_, place) => table.get(place)!);
}

describe('a Maglev table', () => {
  it('is the one of the paper, where names have the offsets and skips of its example', () => {
    // Table 1: permutations 3 0 4 1 5 2 6, 0 2 4 6 1 3 5 and 3 4 5 6 0 1 2 of seven places.
    const ids = ['B0-3', 'B1-102', 'B2-9'];
    expect(ids.map(id => [startOf(id, 7), skipOf(id, 7)])).toEqual([
      [3, 4],
      [0, 2],
      [3, 1],
    ]);
    const [b0, b1, b2] = ids.map((id, slot) => ({ id, slot, weight: 1, inFlight: 0 }));
    const short = (table: readonly string[]) => table.map(id => id.slice(0, 2)).join(' ');
    expect(short(tableOf(7, [b0!, b1!, b2!]))).toBe('B1 B0 B1 B0 B2 B2 B0');
    expect(short(tableOf(7, [b0!, b2!]))).toBe('B0 B0 B0 B0 B2 B2 B2');
  });

  it.each([
    [11, [10, 1, 7]],
    [13, [3, 2]],
    [101, [1, 1, 1, 1]],
    [101, [10, 1, 7]],
    [499, [9, 6, 3, 1]],
  ])('of %d places is filled by turns as many as the weights %j say', (size, weights) => {
    expect(tableOf(size, hostsOf(...weights))).toEqual(expectedTable(size, weights));
  });

  it('takes a share that is short of a whole by a rounding for a whole', () => {
    // Ten times a tenth is short of 1, though by less than the billionth that is let pass.
    expect(tableOf(11, hostsOf(1, 0.1))).toEqual(expectedTable(11, [10, 1]));
    expect(new Set(tableOf(2, hostsOf(1, 1 - 1e-9)))).toEqual(new Set(['h0', 'h1']));
  });

  it('tries for a key that is refused the places that come of mixing it with how often it was tried', () => {
    const [size, hosts] = [101, hostsOf(1, 1, 1, 1)];
    const table = new Maglev(size, Infinity);
    table.reset(hosts);
    const owners = expectedTable(size, [1, 1, 1, 1]);
    const keys = Array.from({ length: 4_000 }, (_, at) => fmix32(at));
    const free = (place: number) => owners[place % size]! > 'h1';
    const expected = keys.map(key => {
      if (free(key)) return owners[key % size]!;
      // Twice as many tries as hosts; then the first that may be chosen.
      for (let step = 1; step < 8; step++) {
        const place = fmix32((key + step) % 2 ** 32);
        if (free(place)) return owners[place % size]!;
      }
      return 'h2';
    });
    expect(keys.map(key => table.choose(key, ({ id }) => id <= 'h1')!.id)).toEqual(expected);
  });
});

describe('the place of a key', () => {
  // 103 is a prime whose multiples by what is one part of it come out a little less.
  it.each([2, 3, 7, 101, 103, 4_999, 65_537])('in a table of %d is what is left by its size', size => {
    const hosts = hostsOf(...Array.from({ length: Math.min(size, 20) }, () => 1));
    const table = new Maglev<BalancedHost>(size, Infinity);
    table.reset(hosts);
    const owners = Array.from({ length: size }, (_, place) => table.choose(place, undefined)!.id);
    const most = Math.floor(2 ** 32 / size);
    for (let step = 0; step <= 500; step++) {
      const multiple = Math.floor((most * step) / 500) * size;
      for (const key of [multiple - 1, multiple, multiple + 1]) {
        if (key < 0 || key >= 2 ** 32) continue;
        expect(table.choose(key, undefined)!.id).toBe(owners[key % size]);
      }
    }
  });
});

describe('a Maglev table while it is filled', () => {
  const shares = [1, 0.3, 0.5];
  const orders = () => ({
    slots: Uint32Array.from([4, 2, 9]),
    next: Uint32Array.from([3, 5, 7]),
    skips: Uint32Array.from([4, 2, 1]),
    shares: Float64Array.from(shares),
  });

  it.each([1, 2, 3, 5, 1_000])('comes out the same by %d looks at a time', looks => {
    const whole = new MaglevFill(101, orders());
    expect(whole.run(Infinity)).toBe(true);
    expect([...new Set(whole.table)].sort((a, b) => a - b)).toEqual([3, 5, 10]);
    const fill = new MaglevFill(101, orders());
    let times = 1;
    while (!fill.run(looks)) times++;
    expect(fill.table).toEqual(whole.table);
    expect(fill.run(looks)).toBe(true);
    // A place takes a look or more, and so does a host who has no turn.
    if (looks === 1) expect(times).toBeGreaterThan(101);
    expect(times).toBeLessThan(Math.ceil(2_000 / looks));
  });

  it('goes on from where it broke off within the order of a host', () => {
    const lone = { slots: [0], next: [0], skips: [1], shares: [1] };
    const fill = new MaglevFill(5, {
      slots: Uint32Array.from(lone.slots),
      next: Uint32Array.from(lone.next),
      skips: Uint32Array.from(lone.skips),
      shares: Float64Array.from(lone.shares),
    });
    fill.run(2);
    const taken = () => fill.table.reduce((sum, owner) => sum + Math.min(1, owner), 0);
    const before = taken();
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(5);
    expect(fill.run(100)).toBe(true);
    expect([...fill.table]).toEqual([1, 1, 1, 1, 1]);
  });

  it('goes by the former table until it is full, without those who have left', () => {
    const size = 65_537;
    const hosts = hostsOf(1, 1, 1, 1, 1);
    const table = new Maglev(size, Infinity);
    table.reset(hosts);
    const [gone, ...left] = hosts;
    const before = KEYS.map(key => table.choose(key, undefined)!);
    table.reset(left);
    const during = KEYS.slice(0, 50).map(key => table.choose(key, undefined)!);
    // Nobody whose host stays has another one, and those of the one that left are dealt among all others.
    const needless = during.filter((host, at) => host !== before[at] && before[at] !== gone);
    expect(needless).toEqual([]);
    const moved = during.filter((_, at) => before[at] === gone);
    expect(new Set(moved).size).toBe(4);
    expect(moved).not.toContain(gone);
    for (let call = 0; call < 500; call++) table.choose(call, undefined);
    const fresh = new Maglev(size, Infinity);
    fresh.reset(left);
    expect(KEYS.map(key => table.choose(key, undefined))).toEqual(
      KEYS.map(key => fresh.choose(key, undefined)),
    );
  });

  it('is finished before the next one is begun, however often the hosts change', () => {
    const size = 65_537;
    const hosts = hostsOf(1, 1, 1, 1, 1);
    const table = new Maglev(size, Infinity);
    table.reset(hosts.slice(0, 2));
    const seen = new Set<string>();
    for (let round = 0; round < 60; round++) {
      table.reset(round % 2 === 0 ? hosts : hosts.slice(0, 4));
      for (let call = 0; call < 50; call++) seen.add(table.choose(call * 7919, undefined)!.id);
    }
    expect([...seen].sort()).toEqual(['h0', 'h1', 'h2', 'h3', 'h4']);
  });

  it('is nobody’s when all have left, and there at once when some come', () => {
    const table = new Maglev(65_537, Infinity);
    const [one, other] = hostsOf(1, 1);
    table.reset([one!]);
    table.reset([one!]);
    expect(table.choose(1, undefined)).toBe(one);
    table.reset([]);
    expect(table.choose(1, undefined)).toBeUndefined();
    table.reset([other!]);
    expect(table.choose(1, undefined)).toBe(other);
  });
});
