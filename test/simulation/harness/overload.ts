import { RootContext } from '../../../src/kernel/context.js';
import { TimeoutError } from '../../../src/kernel/errors.js';
import type { Guard } from '../../../src/kernel/policy.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { openLoop } from './arrivals.js';
import { Server } from './server.js';
import { bimodal, type Draw, deterministic, exponential } from './service-time.js';

const services = {
  deterministic,
  exponential,
  bimodal,
} satisfies Record<string, (meanMs: number, random: () => number) => Draw>;

export type ServiceKind = keyof typeof services;

/** One server, and a Poisson stream of calls to it through a guard. */
export interface Overload {
  readonly seed: number;
  readonly workers: number;
  readonly service: ServiceKind;
  /** What a service takes on average. */
  readonly serviceMs: number;
  readonly callsPerSecond: number;
  readonly durationMs: number;
  /** How long a caller waits; the server knows nothing of it. @default Infinity */
  readonly patienceMs?: number;
  /** What happens at which time. */
  readonly steps?: readonly (readonly [atMs: number, step: (server: Server) => void])[];
}

export interface OverloadResult {
  /** Answers for which somebody still waited. */
  readonly answered: number;
  readonly refused: number;
  readonly timedOut: number;
  /** What an answered call took on average, in ms. */
  readonly meanMs: number;
  readonly mostQueued: number;
}

/** Runs it to its end through the guard that `make` makes; what does not wait for promises is fast. */
export function runOverload<P>(overload: Overload, make: (clock: VirtualClock) => Guard<P>): OverloadResult {
  const { seed, workers, serviceMs, callsPerSecond, durationMs, patienceMs = Infinity } = overload;
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const server = new Server(clock, workers, services[overload.service](serviceMs, random.fork()));
  const guard = make(clock);
  const call = new RootContext(clock, {}, Infinity, 1);
  let [answered, refused, timedOut, tookMs, mostQueued] = [0, 0, 0, 0, 0];
  openLoop(clock, exponential(1000 / callsPerSecond, random.fork()), () => {
    const permit = guard.enter(call);
    if (permit === undefined) {
      refused++;
      return;
    }
    const since = clock.now();
    let waiting = true;
    const patience = patienceMs < Infinity ? clock.schedule(patienceMs, giveUp) : undefined;
    function giveUp(): void {
      waiting = false;
      timedOut++;
      guard.exit(permit!, false, new TimeoutError('late', patienceMs), call);
    }
    server.accept(() => {
      if (!waiting) return;
      patience?.cancel();
      answered++;
      tookMs += clock.now() - since;
      guard.exit(permit, true, undefined, call);
    });
    mostQueued = Math.max(mostQueued, server.queued);
  });
  for (const [atMs, step] of overload.steps ?? []) clock.schedule(atMs, () => step(server));
  clock.advanceSync(durationMs);
  return { answered, refused, timedOut, meanMs: tookMs / answered, mostQueued };
}

/** Lets everybody in. */
export const openDoor: Guard<true> = { enter: () => true, exit: () => {} };
