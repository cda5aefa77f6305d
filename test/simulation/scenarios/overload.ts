import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Policy } from '../../../src/kernel/policy.js';
import { AdaptiveLimiter } from '../../../src/resilience/adaptive-limiter.js';
import { AdaptiveThrottle } from '../../../src/resilience/adaptive-throttle.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { poisson } from '../../../src/testing/simulation/arrivals.js';
import { exponential } from '../../../src/testing/simulation/distributions.js';
import type { SimulationReport } from '../../../src/testing/simulation/report.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';

export interface OverloadSize {
  readonly seed: number;
  readonly durationMs: number;
}

/** Ten workers, 50 ms each. */
export const CAPACITY_PER_SECOND = 200;
const PATIENCE_MS = 500;

/** What stands in front of the server. */
export const limiters = {
  none: () => pipeline(),
  'Bulkhead, 15 slots': ({ clock }) => new Bulkhead({ slots: 15, clock }),
  'Bulkhead, 150 slots': ({ clock }) => new Bulkhead({ slots: 150, clock }),
  'AdaptiveLimiter, knee': ({ clock }) => new AdaptiveLimiter({ algorithm: 'knee', clock }),
  'AdaptiveLimiter, AIMD': ({ clock }) => new AdaptiveLimiter({ algorithm: 'aimd', clock }),
  'AdaptiveLimiter, Vegas': ({ clock }) => new AdaptiveLimiter({ algorithm: 'vegas', clock }),
  'AdaptiveLimiter, Gradient2': ({ clock }) => new AdaptiveLimiter({ algorithm: 'gradient2', clock }),
  AdaptiveThrottle: simulation => throttle(simulation),
  'AdaptiveThrottle, and the server refuses': simulation => throttle(simulation),
  'RateLimiter, 190 a second': ({ clock }) => new RateLimiter({ limit: 190, perMs: 1_000, burst: 10, clock }),
  'RateLimiter, 220 a second': ({ clock }) => new RateLimiter({ limit: 220, perMs: 1_000, burst: 10, clock }),
} satisfies Record<string, (simulation: Simulation) => Policy>;

export type LimiterName = keyof typeof limiters;

function throttle(simulation: Simulation): Policy {
  const { clock } = simulation;
  return new AdaptiveThrottle({ windowMs: 10_000, headroom: 1.5, clock, random: simulation.random() });
}

/**
 * Twice as many calls as a server can answer, from callers who wait for half a second. Its queue takes all
 * that comes, but for the server that refuses: that one has 50 places.
 */
export function overload(name: LimiterName, { seed, durationMs }: OverloadSize): Promise<SimulationReport> {
  const simulation = new Simulation(seed);
  const queue = name === 'AdaptiveThrottle, and the server refuses' ? 50 : 1_000_000;
  const server = simulation.server({ workers: 10, serviceMs: exponential(50), queue });
  return simulation.run({
    arrivals: poisson(2 * CAPACITY_PER_SECOND),
    durationMs,
    policy: pipeline(
      limiters[name](simulation),
      new Timeout({ timeoutMs: PATIENCE_MS, clock: simulation.clock }),
    ),
    operation: context => server.request(context),
    drainMs: 5_000,
  });
}
