import { describe, expect, it } from 'vitest';
import type { BalancedHost, Chooser } from '../../../src/core/balance.js';
import { TwoChoices, WeightedChance } from '../../../src/core/balance-chance.js';

type Host = BalancedHost & { inFlight: number };
const hostsOf = (...weights: number[]): Host[] =>
  weights.map((weight, at) => ({ id: `h${at}`, slot: at, weight, inFlight: 0 }));

/** Chance that comes as it is told, and no more often. */
function scripted(numbers: readonly number[]): () => number {
  const left = [...numbers];
  return () => {
    if (left.length === 0) throw new Error('no chance is left');
    return left.shift()!;
  };
}

const idsOf = (chooser: Chooser<Host>, calls: number) =>
  Array.from({ length: calls }, () => chooser.choose(0, undefined)!.id);

describe('chance by the weights', () => {
  it('gives each as many as its weight of numbers that are spread evenly', () => {
    // All in sixteenths and fourths, which are held exactly.
    const chooser = new WeightedChance<Host>(scripted(Array.from({ length: 16 }, (_, at) => at / 16)));
    chooser.reset(hostsOf(1, 2, 5, 8));
    const ids = idsOf(chooser, 16);
    const counts = ['h0', 'h1', 'h2', 'h3'].map(id => ids.filter(one => one === id).length);
    expect(counts).toEqual([1, 2, 5, 8]);
  });

  it('divides no place that need not be divided', () => {
    const placesOf = (...weights: number[]) => {
      const halves = weights.flatMap((_, place) => [place + 0.25, place + 0.75]);
      const chooser = new WeightedChance<Host>(scripted(halves.map(at => at / weights.length)));
      chooser.reset(hostsOf(...weights));
      return idsOf(chooser, halves.length);
    };
    // The last has half of its place, and the first half a place too much; the second is as it should be.
    expect(placesOf(3, 2, 1)).toEqual(['h0', 'h0', 'h1', 'h1', 'h2', 'h0']);
    // Two have half of their places, and the others half a place too much each: one fills up one.
    const places = placesOf(1, 1, 3, 3);
    expect(places.filter((_, at) => at !== 1 && at !== 3)).toEqual(['h0', 'h1', 'h2', 'h2', 'h3', 'h3']);
    expect([places[1], places[3]].sort()).toEqual(['h2', 'h3']);
  });

  it('leaves to a host what rounding has left over of its place', () => {
    // With these weights the place of h2 comes out as 4e-16 less than a whole, and nobody is left to fill it.
    const chance: number[] = [];
    const chooser = new WeightedChance<Host>(() => chance.pop()!);
    chooser.reset(hostsOf(2, 5, 9, 5, 5, 3, 5, 8));
    chance.push((3 - 2 ** -51) / 8);
    expect(chooser.choose(0, undefined)!.id).toBe('h2');
    // And with these that of h0 as 2e-16 more.
    chooser.reset(hostsOf(9, 4, 2));
    chance.push(0.33);
    expect(chooser.choose(0, undefined)!.id).toBe('h0');
  });

  it('chooses somebody though chance comes to 1', () => {
    const chooser = new WeightedChance<Host>(() => 1);
    chooser.reset(hostsOf(1, 1, 1));
    expect(chooser.choose(0, undefined)!.id).toBe('h2');
  });
});

describe('two choices', () => {
  const byInFlight = (random: () => number, ...inFlight: number[]) => {
    const hosts = hostsOf(...inFlight.map(() => 1));
    hosts.forEach((host, at) => {
      host.inFlight = inFlight[at]!;
    });
    const chooser = new TwoChoices<Host>(random, slot => hosts[slot]!.inFlight);
    chooser.reset(hosts);
    return { chooser, hosts };
  };

  it('draw twice for each, and every pair of four as often as any other', () => {
    const pairs = new Map<string, number>();
    for (const first of [0.1, 0.3, 0.6, 0.9]) {
      for (const second of [0.2, 0.5, 0.8]) {
        const asked: string[] = [];
        const chooser = new TwoChoices<Host>(scripted([first, second]), slot => {
          asked.push(`h${slot}`);
          return 0;
        });
        chooser.reset(hostsOf(1, 1, 1, 1));
        chooser.choose(0, undefined);
        const pair = [...new Set(asked)].sort().join(' ');
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
      }
    }
    const all = ['h0 h1', 'h0 h2', 'h0 h3', 'h1 h2', 'h1 h3', 'h2 h3'];
    expect(pairs).toEqual(new Map(all.map(pair => [pair, 2])));
  });

  it('take one alone without a draw, and nobody where nobody is', () => {
    expect(byInFlight(scripted([]), 5).chooser.choose(0, undefined)!.id).toBe('h0');
    expect(byInFlight(scripted([])).chooser.choose(0, undefined)).toBeUndefined();
  });

  it('of two alone compare both, by two draws', () => {
    expect(byInFlight(scripted([0, 0]), 5, 3).chooser.choose(0, undefined)!.id).toBe('h1');
    expect(byInFlight(scripted([0.9, 0]), 3, 5).chooser.choose(0, undefined)!.id).toBe('h0');
  });

  it('take the one that was drawn first of two that cost the same', () => {
    expect(byInFlight(scripted([0, 0.9]), 1, 1, 1).chooser.choose(0, undefined)!.id).toBe('h0');
    expect(byInFlight(scripted([0.9, 0]), 1, 1, 1).chooser.choose(0, undefined)!.id).toBe('h2');
  });

  it('never take the one that costs most of those that are not barred', () => {
    let seed = 0;
    const evenly = () => {
      seed = (seed + 0.618_033_988_75) % 1;
      return seed;
    };
    const { chooser, hosts } = byInFlight(evenly, 0, 3, 2, 1);
    const chosen = Array.from({ length: 200 }, () => chooser.choose(0, host => host === hosts[0])!.id);
    expect(new Set(chosen)).toEqual(new Set(['h2', 'h3']));
  });

  it('draw again where the second is the first', () => {
    const { chooser, hosts } = byInFlight(scripted([0.3, 0.3, 0.8]), 0, 3, 2, 1);
    expect(chooser.choose(0, host => host === hosts[0])!.id).toBe('h3');
  });

  it('choose somebody though chance comes to 1', () => {
    expect(byInFlight(() => 1, 2, 1, 0).chooser.choose(0, undefined)!.id).toBe('h2');
    expect(byInFlight(() => 1, 0, 0, 0).chooser.choose(0, () => false)!.id).toBe('h2');
  });
});
