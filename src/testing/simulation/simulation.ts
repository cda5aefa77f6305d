import type { CallOptions } from '../../kernel/context.js';
import { checkKeys, checkNumber, refuse } from '../../kernel/options.js';
import { pipeline } from '../../kernel/pipeline.js';
import type { Operation, Policy } from '../../kernel/policy.js';
import { type SeededRandom, seededRandom } from '../seeded-random.js';
import { VirtualClock } from '../virtual-clock.js';
import type { Arrivals } from './arrivals.js';
import type { SimulationReport } from './report.js';
import { SimulatedServer } from './server.js';
import type { ServerShape } from './server-options.js';
import { Tally } from './tally.js';

/** What is simulated. */
export interface SimulatedLoad<In = unknown> {
  /** How calls come. */
  readonly arrivals: Arrivals;
  /** How long they come, in ms; a number > 0. */
  readonly durationMs: number;
  /** What a call does: asks the servers, as a rule. */
  readonly operation: Operation<In>;
  /** What it is called through. @default nothing */
  readonly policy?: Policy<In, unknown>;
  /** What a caller says about a call, by its number from 0: its key, its priority. @default nothing */
  readonly callOptions?: (call: number) => CallOptions;
  /** A success that took longer, in ms, is no good. @default Infinity */
  readonly goodWithinMs?: number;
  /** The length of a slice of the report, in ms; at most 10 000 of them. @default 1_000, where that fits */
  readonly sliceMs?: number;
  /** How long calls may take to end when no more come, in ms. @default 60_000 */
  readonly drainMs?: number;
  /** More calls in flight than this are an error: something never ends. Up to a million. @default 100_000 */
  readonly maxInFlight?: number;
}

const owner = 'Simulation';
const known = [
  ...['arrivals', 'durationMs', 'operation', 'policy', 'callOptions'],
  ...['goodWithinMs', 'sliceMs', 'drainMs', 'maxInFlight'],
];
const MOST_SLICES = 10_000;

/**
 * A world of its own, with its own time and chance: servers that can be overloaded, slow or broken, and calls
 * to them through your policies. Hours pass in seconds, and the same seed gives the same report.
 *
 * Give `clock` to every policy, and a `random()` to those that draw.
 *
 * @example
 * ```ts
 * import { pipeline, Retry, Timeout } from 'keelson';
 * import { exponential, poisson, Simulation } from 'keelson/testing';
 *
 * const simulation = new Simulation(7);
 * const { clock } = simulation;
 * const server = simulation.server({ workers: 10, serviceMs: exponential(100) });
 * simulation.at(2_000, () => server.change({ failRatio: 0.5 }));
 * const report = await simulation.run({
 *   arrivals: poisson(50),
 *   durationMs: 4_000,
 *   policy: pipeline(
 *     new Retry({ attempts: 3, idempotent: true, clock, random: simulation.random() }),
 *     new Timeout({ timeoutMs: 1_000, clock }),
 *   ),
 *   operation: context => server.request(context),
 * });
 * report.amplification > 1.1; // => true
 * ```
 */
export class Simulation {
  /** What all of it was drawn from. */
  readonly seed: number;
  /** The time that all of it lives by; it stands at 0 before the run. */
  readonly clock: VirtualClock = new VirtualClock();
  readonly #random: SeededRandom;
  readonly #servers: SimulatedServer[] = [];
  #ran = false;

  /** @throws RangeError unless `seed` is a safe integer. */
  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.seed = seed;
  }

  /** Chance of its own for each who asks, in the order of asking. */
  random(): SeededRandom {
    return this.#random.fork();
  }

  /**
   * A server whose requests the report counts.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value.
   */
  server(shape: ServerShape): SimulatedServer {
    const server = new SimulatedServer({ ...shape, clock: this.clock, random: this.random() });
    this.#servers.push(server);
    return server;
  }

  /**
   * Something happens `atMs` after the start.
   *
   * @throws RangeError unless `atMs` is a number >= 0.
   */
  at(atMs: number, event: () => void): void {
    checkNumber(owner, 'atMs', atMs, { min: 0 });
    this.clock.schedule(atMs - this.clock.now(), event);
  }

  /**
   * Runs it, once: calls come for `durationMs`, then those in flight end.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value.
   * @throws Error when it ran before, or more than `maxInFlight` calls are in flight.
   */
  async run<In>(load: SimulatedLoad<In>): Promise<SimulationReport> {
    const { arrivals, durationMs, drainMs, sliceMs, maxInFlight, goodWithinMs, ...call } = checked(load);
    if (this.#ran) throw new Error('Simulation: it has run already; make another one');
    this.#ran = true;
    const { clock } = this;
    const slices = Math.ceil(durationMs / sliceMs);
    const tally = new Tally(this.#servers, { slices, sliceMs, goodWithinMs });
    let calls = 0;
    let tooMany = false;
    const arrive = async (): Promise<void> => {
      tooMany ||= tally.inFlight >= maxInFlight;
      // The run is about to end with an error.
      if (tooMany) return;
      const sinceMs = clock.now();
      tally.came(sinceMs);
      try {
        await call.policy.execute(call.operation, call.callOptions?.(calls++));
        tally.succeeded(sinceMs, clock.now());
      } catch (error) {
        tally.failed(error, clock.now());
      }
    };
    const stop = arrivals({ clock, random: this.random(), arrive });
    for (let slice = 0; slice < slices; slice++) {
      await clock.advance(Math.min(sliceMs, durationMs - slice * sliceMs));
      if (tooMany) throw new Error(endless(maxInFlight));
      tally.cut(slice);
    }
    stop();
    for (let leftMs = drainMs; leftMs > 0 && tally.inFlight > 0; leftMs -= sliceMs) {
      await clock.advance(Math.min(sliceMs, leftMs));
    }
    return tally.report(this.seed, durationMs);
  }
}

const endless = (most: number): string =>
  `Simulation: more than ${most} calls are in flight; they need a timeout, or \`maxInFlight\` is too small`;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
function checked<In>(load: SimulatedLoad<In>) {
  checkKeys(owner, load, known);
  const { durationMs, goodWithinMs = Infinity } = load;
  const policy: Policy<In, unknown> = load.policy ?? pipeline();
  checkNumber(owner, 'durationMs', durationMs, { above: 0 });
  const leastMs = durationMs / MOST_SLICES;
  const { sliceMs = Math.min(durationMs, Math.max(1_000, leastMs)) } = load;
  const { drainMs = 60_000, maxInFlight = 100_000 } = load;
  checkNumber(owner, 'sliceMs', sliceMs, { min: leastMs, max: durationMs });
  checkNumber(owner, 'goodWithinMs', goodWithinMs, { above: 0, infinity: true });
  checkNumber(owner, 'drainMs', drainMs, { min: 0 });
  checkNumber(owner, 'maxInFlight', maxInFlight, { min: 1, max: 1_000_000, integer: true });
  for (const option of ['arrivals', 'operation'] as const) {
    if (typeof load[option] !== 'function') refuse(owner, option, 'a function', load[option]);
  }
  if (typeof policy.execute !== 'function') refuse(owner, 'policy', 'a policy', policy);
  return { ...load, policy, goodWithinMs, sliceMs, drainMs, maxInFlight };
}
