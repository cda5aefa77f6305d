import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Policy } from '../../../src/kernel/policy.js';
import { AdaptiveLimiter } from '../../../src/resilience/adaptive-limiter.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { poisson } from '../../../src/testing/simulation/arrivals.js';
import { exponential } from '../../../src/testing/simulation/distributions.js';
import { type SimulationReport, timeToRecover } from '../../../src/testing/simulation/report.js';
import type { ServerShape } from '../../../src/testing/simulation/server-options.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';

/** What stands between the callers and the server, and how much they ask of it. */
export interface Means {
  /** What the callers ask, as a part of what the server can do. @default 0.93 */
  readonly load?: number;
  /** @default 3 */
  readonly attempts?: number;
  readonly budget?: boolean;
  readonly breaker?: boolean;
  readonly limiter?: boolean;
  readonly server?: Pick<ServerShape, 'order' | 'dropsLate'>;
}

/** What is compared. The budget is ten retries at once and one for each ten calls. */
export const means = {
  'no retries': { attempts: 1 },
  '3 attempts': {},
  '3 attempts, budget': { budget: true },
  '3 attempts, budget, at 70 % of the capacity': { budget: true, load: 0.7 },
  '3 attempts, breaker': { breaker: true },
  '3 attempts, budget, AdaptiveLimiter': { budget: true, limiter: true },
  '3 attempts; the server drops what is late': { server: { dropsLate: true } },
  '3 attempts, budget; the server drops what is late': { budget: true, server: { dropsLate: true } },
  '3 attempts; the server takes the newest first': { server: { order: 'lifo' } },
} satisfies Record<string, Means>;

export type MeansName = keyof typeof means;

export interface StormSize {
  readonly seed: number;
  /** Each works on 10 requests a second. */
  readonly workers: number;
  /** How long there is after the outage. */
  readonly afterMs: number;
}

const BEFORE_MS = 20_000;
const OUTAGE_MS = 10_000;

/** What became of it. */
export interface Storm {
  readonly report: SimulationReport;
  /** Requests for each call, during the outage. */
  readonly outage: number;
  /** The same in the last ten seconds. */
  readonly end: number;
  /** Calls that succeeded, of those of the last ten seconds. */
  readonly endGood: number;
  /** After the outage. */
  readonly recoveryMs: number;
}

/**
 * A server that hangs for ten seconds, in the manner of Bronson et al., "Metastable Failures in Distributed
 * Systems" (HotOS 2021): callers wait for a second and try again, and its queue takes all that comes.
 */
export async function retryStorm(name: MeansName, { seed, workers, afterMs }: StormSize): Promise<Storm> {
  const chosen: Means = means[name];
  const simulation = new Simulation(seed);
  const server = simulation.server({
    workers,
    serviceMs: exponential(100),
    queue: 1_000_000,
    ...chosen.server,
  });
  simulation.at(BEFORE_MS, () => server.change({ workers: 0 }));
  simulation.at(BEFORE_MS + OUTAGE_MS, () => server.change({ workers }));
  const report = await simulation.run({
    arrivals: poisson((chosen.load ?? 0.93) * workers * 10),
    durationMs: BEFORE_MS + OUTAGE_MS + afterMs,
    policy: clientOf(chosen, simulation),
    operation: context => server.request(context),
    drainMs: 10_000,
  });
  const [outage, end] = [sliceSum(report, BEFORE_MS, OUTAGE_MS), sliceSum(report, -10_000, 10_000)];
  return {
    report,
    outage: outage.requests / outage.calls,
    end: end.requests / end.calls,
    endGood: end.good / end.calls,
    recoveryMs: timeToRecover(report, { fromMs: BEFORE_MS + OUTAGE_MS, goodRatio: 0.9, forMs: 5_000 }),
  };
}

function clientOf({ attempts = 3, budget, breaker, limiter }: Means, simulation: Simulation): Policy {
  const { clock } = simulation;
  const bounded = { reserve: 10, retryRatio: 0.1, minPerSecond: 0 };
  const timeout = new Timeout({ timeoutMs: 1_000, clock });
  // What stands inside sees each attempt.
  const attempt = limiter
    ? pipeline(new AdaptiveLimiter({ clock }), timeout)
    : breaker
      ? pipeline(
          new CircuitBreaker({ failureRatio: 0.5, minCalls: 20, clock, random: simulation.random() }),
          timeout,
        )
      : timeout;
  const retry = new Retry({
    attempts,
    idempotent: true,
    clock,
    random: simulation.random(),
    ...(budget === true && { budget: new RetryBudget({ ...bounded, clock }) }),
  });
  return pipeline(retry, attempt);
}

/** What the slices of a stretch sum up to; a negative start counts from the end. */
function sliceSum({ slices, durationMs }: SimulationReport, fromMs: number, forMs: number) {
  const from = fromMs < 0 ? durationMs + fromMs : fromMs;
  let [calls, good, requests] = [0, 0, 0];
  for (const slice of slices) {
    if (slice.fromMs < from || slice.fromMs >= from + forMs) continue;
    calls += slice.calls;
    good += slice.good;
    requests += slice.requests;
  }
  return { calls, good, requests };
}
