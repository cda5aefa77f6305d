import {
  type BalancerWay,
  hashRing,
  leastBusy,
  maglev,
  peakEwma,
  rendezvous,
  roundRobin,
  weightedChance,
  weightedTurns,
} from '../../../src/discovery/balancer-ways.js';
import { ServiceProxy } from '../../../src/proxy/service-proxy.js';
import { Retry } from '../../../src/resilience/retry.js';
import { poisson } from '../../../src/testing/simulation/arrivals.js';
import { exponential } from '../../../src/testing/simulation/distributions.js';
import type { SimulationReport } from '../../../src/testing/simulation/report.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';

export interface BalanceSize {
  readonly seed: number;
  readonly durationMs: number;
}

/** What stands between a failure and whoever calls. */
export interface BalanceMeans {
  /** Whether instances that fail are ejected. */
  readonly detects: boolean;
  /** Whether a call that fails is tried once more, with another instance. */
  readonly retries: boolean;
}

/** The ways to choose. */
export const ways = {
  'round robin': () => roundRobin(),
  'weighted turns': () => weightedTurns(),
  'weighted chance': () => weightedChance(),
  'least busy': () => leastBusy(),
  'peak EWMA': () => peakEwma(),
  'hash ring, bounded': () => hashRing({ maxLoadRatio: 1.25 }),
  'maglev, bounded': () => maglev({ places: 5_003, maxLoadRatio: 1.25 }),
  'rendezvous, bounded': () => rendezvous({ maxLoadRatio: 1.25 }),
} satisfies Record<string, () => BalancerWay>;

export type WayName = keyof typeof ways;

/**
 * Twenty instances of two workers each, half busy. One is ten times as slow as the others, one fails all
 * requests after a millisecond, and one is well for three seconds and fails for three.
 */
export function balance(way: WayName, means: BalanceMeans, size: BalanceSize): Promise<SimulationReport> {
  const simulation = new Simulation(size.seed);
  const { clock } = simulation;
  const instances = Array.from({ length: 20 }, (_, at) => {
    const id = `server ${at}`;
    return { id, server: simulation.server({ workers: 2, serviceMs: exponential(20), name: id }) };
  });
  instances[0]!.server.change({ slowness: 10 });
  instances[1]!.server.change({ slowness: 0.05, failRatio: 1 });
  for (let atMs = 3_000; atMs < size.durationMs; atMs += 6_000) {
    simulation.at(atMs, () => instances[2]!.server.change({ failRatio: 1 }));
    simulation.at(atMs + 3_000, () => instances[2]!.server.change({ failRatio: 0 }));
  }
  const proxy = new ServiceProxy({
    service: 'simulated',
    instances,
    balancer: { by: ways[way]() },
    outliers: means.detects ? {} : false,
    ...(means.retries && { policy: new Retry({ attempts: 2, clock, random: simulation.random() }) }),
    clock,
    random: simulation.random(),
  });
  return simulation.run({
    arrivals: poisson(1_000),
    durationMs: size.durationMs,
    callOptions: call => ({ key: `user ${(call * 7919) % 5_000}` }),
    operation: context => proxy.call((own, { server }) => server.request(own), context),
  });
}
