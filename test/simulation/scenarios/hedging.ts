import { pipeline } from '../../../src/kernel/pipeline.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import type { HedgeOptions } from '../../../src/resilience/hedge-options.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { poisson } from '../../../src/testing/simulation/arrivals.js';
import { type Distribution, exponential, logNormal } from '../../../src/testing/simulation/distributions.js';
import type { SimulationReport } from '../../../src/testing/simulation/report.js';
import type { SimulatedServer } from '../../../src/testing/simulation/server.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';

export interface HedgingSize {
  readonly seed: number;
  readonly durationMs: number;
}

/** What is slow. */
export const troubles = {
  'one of ten is slow': { serviceMs: exponential(20), slow: 1 },
  'a long tail everywhere': { serviceMs: logNormal({ medianMs: 15, p99Ms: 300 }), slow: 0 },
  'all are slow': { serviceMs: exponential(20), slow: 10 },
} satisfies Record<string, { serviceMs: Distribution; slow: number }>;

export type Trouble = keyof typeof troubles;

const BUDGET = { reserve: 10, retryRatio: 0.1, minPerSecond: 0 };

/** When a hedge starts. */
export const hedges = {
  none: undefined,
  'after 100 ms': { delayMs: 100 },
  'at the quantile 0.95': { quantile: { ratio: 0.95 } },
  'at the quantile 0.9': { quantile: { ratio: 0.9 } },
  'at the quantile 0.9, with a budget of 10 %': { quantile: { ratio: 0.9 }, budget: true },
  'after 100 ms, with a budget of 10 %': { delayMs: 100, budget: true },
} satisfies Record<string, (Pick<HedgeOptions, 'delayMs' | 'quantile'> & { budget?: boolean }) | undefined>;

export type HedgeName = keyof typeof hedges;

/** Fifteen times as long: a server that swaps, collects garbage, or has lost its cache. */
const SLOWNESS = 15;

/** Ten servers of four workers each; each call goes to one of them by chance. */
export function hedging(trouble: Trouble, hedge: HedgeName, size: HedgingSize): Promise<SimulationReport> {
  const simulation = new Simulation(size.seed);
  const { serviceMs, slow } = troubles[trouble];
  const servers = Array.from({ length: 10 }, (_, at) =>
    simulation.server({ workers: 4, serviceMs, name: `server ${at}` }),
  );
  for (const server of servers.slice(0, slow)) server.change({ slowness: SLOWNESS });
  const random = simulation.random();
  const pick = () => {
    const first = Math.floor(random() * servers.length);
    return [...servers.slice(first), ...servers.slice(0, first)];
  };
  const policy = policyOf(hedges[hedge], pick, simulation);
  return simulation.run({
    arrivals: poisson(100),
    durationMs: size.durationMs,
    policy,
    operation: context => {
      const [server = pick()[0]!] = [context.attributes['endpoint'] as SimulatedServer | undefined];
      return server.request(context);
    },
  });
}

function policyOf(
  options: (Pick<HedgeOptions, 'delayMs' | 'quantile'> & { budget?: boolean }) | undefined,
  endpoints: () => readonly SimulatedServer[],
  { clock }: Simulation,
) {
  if (options === undefined) return pipeline();
  const { budget, ...when } = options;
  const shared = budget === true ? { budget: new RetryBudget({ ...BUDGET, clock }) } : {};
  return new Hedge({ idempotent: true, endpoints, clock, ...when, ...shared });
}
