import { RootContext } from '../../../src/kernel/context.js';
import { TimeoutError } from '../../../src/kernel/errors.js';
import type { Guard } from '../../../src/kernel/policy.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { poisson } from '../../../src/testing/simulation/arrivals.js';
import {
  constant,
  type Distribution,
  exponential,
  mixture,
} from '../../../src/testing/simulation/distributions.js';
import { SimulatedServer } from '../../../src/testing/simulation/server.js';
import type { ServerChange } from '../../../src/testing/simulation/server-options.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

/** A cache in front of something slow: one in ten takes ten times as long as the others. */
function bimodal(meanMs: number): Distribution {
  const fast = meanMs / 1.9;
  return mixture([
    [1, constant(10 * fast)],
    [9, constant(fast)],
  ]);
}

const services = { exponential, bimodal } satisfies Record<string, (meanMs: number) => Distribution>;

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
  readonly steps?: readonly (readonly [atMs: number, change: ServerChange])[];
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
  const service = services[overload.service](serviceMs);
  const shape = { workers, serviceMs: service, queue: 1_000_000 };
  const server = new SimulatedServer({ ...shape, clock, random: random.fork() });
  const guard = make(clock);
  const call = new RootContext(clock, {}, Infinity, 1);
  let [answered, refused, timedOut, tookMs] = [0, 0, 0, 0];
  const arrive = (): void => {
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
  };
  const ended = Promise.resolve();
  poisson(callsPerSecond)({
    clock,
    random: random.fork(),
    arrive: () => {
      arrive();
      return ended;
    },
  });
  for (const [atMs, change] of overload.steps ?? []) clock.schedule(atMs, () => server.change(change));
  clock.advanceSync(durationMs);
  return { answered, refused, timedOut, meanMs: tookMs / answered, mostQueued: server.report().mostQueued };
}

/** Lets everybody in. */
export const openDoor: Guard<true> = { enter: () => true, exit: () => {} };
