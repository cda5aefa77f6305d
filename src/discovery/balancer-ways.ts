import type { Chooser } from '../core/balance.js';
import { TwoChoices, WeightedChance } from '../core/balance-chance.js';
import { Rendezvous } from '../core/balance-hash.js';
import { Maglev } from '../core/balance-maglev.js';
import { HashRing } from '../core/balance-ring.js';
import { Sticky } from '../core/balance-sticky.js';
import { RoundRobin, WeightedTurns } from '../core/balance-turns.js';
import type { HostLoads } from '../core/host-load.js';
import { checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import type { BalancedInstance, Host } from './balancer-host.js';

/** What a way of choosing is given to choose with. */
export interface WaySeams {
  /** Chance. */
  readonly random: () => number;
  /** The time, in ms. */
  readonly now: () => number;
  /** What is known of the hosts. */
  readonly loads: HostLoads;
}

/**
 * A way of choosing among instances: one of those below. Each group of instances, such as a zone, has a
 * chooser of its own.
 */
export interface BalancerWay {
  /** Shown in `describe()`. */
  readonly name: string;
  /** Whether calls with one key go to one instance. */
  readonly byKey: boolean;
  /** @internal */
  make<I extends BalancedInstance>(seams: WaySeams): Chooser<Host<I>>;
}

/** How the ways that go by the key are bounded. */
export interface BoundOptions {
  /**
   * How much more than its share of what is in flight an instance may have: 1.25 is a quarter more. Beyond
   * that the next instance of the key is taken. Above 1.
   * @default Infinity
   */
  readonly maxLoadRatio?: number;
}

/** Each instance in turn, whatever its weight. */
export function roundRobin(): BalancerWay {
  return { name: 'round robin', byKey: false, make: () => new RoundRobin() };
}

/** By turns in proportion to the weights, exact in each cycle, and as far apart as can be. */
export function weightedTurns(): BalancerWay {
  return { name: 'weighted turns', byKey: false, make: () => new WeightedTurns() };
}

/** By chance, in proportion to the weights. */
export function weightedChance(): BalancerWay {
  return { name: 'weighted chance', byKey: false, make: ({ random }) => new WeightedChance(random) };
}

/** Of two instances drawn by chance the one with less in flight for its weight; failures count against it. */
export function leastBusy(): BalancerWay {
  return {
    name: 'least busy',
    byKey: false,
    make: ({ random, now, loads }) => new TwoChoices(random, slot => loads.byInFlight(slot, now())),
  };
}

/** Of two instances drawn by chance the one that answers sooner, by what it took lately and has in flight. */
export function peakEwma(): BalancerWay {
  return {
    name: 'peak EWMA',
    byKey: false,
    make: ({ random, now, loads }) => new TwoChoices(random, slot => loads.byLatency(slot, now())),
  };
}

function factorOf(owner: string, options: BoundOptions): number {
  const { maxLoadRatio = Infinity } = options;
  return checkNumber(owner, 'maxLoadRatio', maxLoadRatio, { above: 1, infinity: true });
}

/**
 * By the key, on a ring with `points` for each instance of weight 1, 160 by default.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function hashRing(options: BoundOptions & { readonly points?: number } = {}): BalancerWay {
  checkKeys('hashRing', options, ['points', 'maxLoadRatio']);
  const { points = 160 } = given(options) as { points?: number };
  checkNumber('hashRing', 'points', points, { min: 1, max: 10_000, integer: true });
  const factor = factorOf('hashRing', options);
  return { name: 'hash ring', byKey: true, make: () => new HashRing(points, factor) };
}

/**
 * By the key, from a table with at least `places` places, 65 537 by default: good for some 600 instances, at
 * a hundred each. The shares are more even than on a ring, and the choice is quicker; but a few keys move
 * that need not when an instance leaves.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function maglev(options: BoundOptions & { readonly places?: number } = {}): BalancerWay {
  checkKeys('maglev', options, ['places', 'maxLoadRatio']);
  const { places = 65_537 } = given(options) as { places?: number };
  checkNumber('maglev', 'places', places, { min: 3, max: 10_000_000, integer: true });
  const factor = factorOf('maglev', options);
  return { name: 'maglev', byKey: true, make: () => new Maglev(places, factor) };
}

/**
 * By the key, to the instance with the highest score for it. No table, and no key moves that need not; but
 * each choice looks at all instances, so it is for some dozens.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function rendezvous(options: BoundOptions = {}): BalancerWay {
  checkKeys('rendezvous', options, ['maxLoadRatio']);
  const factor = factorOf('rendezvous', options);
  return { name: 'rendezvous', byKey: true, make: () => new Rendezvous(factor) };
}

/**
 * Calls of one key stay with the instance that the first of them was given, chosen by `way`: for what an
 * instance remembers of its callers. That is known of `maxKeys` keys at most, 10 000 by default, in this
 * process alone.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function sticky(way: BalancerWay, options: { readonly maxKeys?: number } = {}): BalancerWay {
  if (typeof way?.make !== 'function') refuse('sticky', 'way', 'a way such as `leastBusy()`', way);
  checkKeys('sticky', options, ['maxKeys']);
  const { maxKeys = 10_000 } = given(options) as { maxKeys?: number };
  checkNumber('sticky', 'maxKeys', maxKeys, { min: 1, max: 1_000_000, integer: true });
  return { name: `sticky, ${way.name}`, byKey: true, make: seams => new Sticky(way.make(seams), maxKeys) };
}
