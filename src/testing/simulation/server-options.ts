import type { Clock } from '../../kernel/clock.js';
import { checkFlag, checkKeys, checkNumber, checkOneOf, given, refuse } from '../../kernel/options.js';
import type { Distribution } from './distributions.js';

/** What a {@link SimulatedServer} is like, but for its clock and its chance. */
export interface ServerShape {
  /** How many requests it works on at a time; an integer from 1 to 100 000. */
  readonly workers: number;
  /** How long the work on a request takes. */
  readonly serviceMs: Distribution;
  /** How many requests may wait for a worker; an integer from 0 to a million. @default 10_000 */
  readonly queue?: number;
  /**
   * Who is next. `fifo`: the oldest; with a full queue the newcomer is refused. `lifo`: the newest; with a
   * full queue the oldest is refused, who has the least hope.
   * @default 'fifo'
   */
  readonly order?: 'fifo' | 'lifo';
  /**
   * Whether a request is dropped, without any work, when its turn comes and nobody waits for it any more: its
   * deadline has passed or its signal is aborted. Most servers do not: they work on all that they have taken.
   * @default false
   */
  readonly dropsLate?: boolean;
  /** Shown in errors and reports. @default 'server' */
  readonly name?: string;
}

/** How a {@link SimulatedServer} is made. */
export interface SimulatedServerOptions extends ServerShape {
  /** The source of time. */
  readonly clock: Clock;
  /** The source of chance; a fork of its own keeps it from shifting what others draw. */
  readonly random: () => number;
}

/** What can happen to a server while it works; what is left out stays. */
export interface ServerChange {
  /** More or fewer workers; those that are busy finish what they have. 0 for one that hangs. */
  readonly workers?: number;
  /** Each service that begins from now on takes so many times as long as drawn; a number >= 0. */
  readonly slowness?: number;
  /** The part of the services that end in a failure, after the time they took, 0..1. */
  readonly failRatio?: number;
}

const owner = 'SimulatedServer';
export const MOST_WORKERS = 100_000;
const known = [...['workers', 'serviceMs', 'queue', 'order', 'dropsLate', 'name', 'clock', 'random']];
const defaults = { queue: 10_000, order: 'fifo', dropsLate: false, name: 'server' } as const;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkServer(options: SimulatedServerOptions): Required<SimulatedServerOptions> {
  checkKeys(owner, options, known);
  const all = { ...defaults, ...given(options) };
  checkNumber(owner, 'workers', all.workers, { min: 1, max: MOST_WORKERS, integer: true });
  checkNumber(owner, 'queue', all.queue, { min: 0, max: 1_000_000, integer: true });
  checkOneOf(owner, 'order', all.order, ['fifo', 'lifo']);
  checkFlag(owner, 'dropsLate', all.dropsLate);
  if (typeof all.serviceMs !== 'function') refuse(owner, 'serviceMs', 'a distribution', all.serviceMs);
  if (all.clock === undefined) refuse(owner, 'clock', 'a Clock', all.clock);
  if (all.random === undefined) refuse(owner, 'random', 'a function', all.random);
  return all;
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkChange(change: ServerChange): ServerChange {
  checkKeys(owner, change, ['workers', 'slowness', 'failRatio']);
  const { workers, slowness, failRatio } = change;
  if (workers !== undefined) {
    checkNumber(owner, 'workers', workers, { min: 0, max: MOST_WORKERS, integer: true });
  }
  if (slowness !== undefined) checkNumber(owner, 'slowness', slowness, { min: 0 });
  if (failRatio !== undefined) checkNumber(owner, 'failRatio', failRatio, { min: 0, max: 1 });
  return change;
}
