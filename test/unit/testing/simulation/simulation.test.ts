import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../../src/resilience/bulkhead.js';
import { Hedge } from '../../../../src/resilience/hedge.js';
import { Retry } from '../../../../src/resilience/retry.js';
import { Timeout } from '../../../../src/resilience/timeout.js';
import { evenly, poisson, users } from '../../../../src/testing/simulation/arrivals.js';
import { constant, exponential, logNormal } from '../../../../src/testing/simulation/distributions.js';
import type { SimulationReport } from '../../../../src/testing/simulation/report.js';
import { type SimulatedLoad, Simulation } from '../../../../src/testing/simulation/simulation.js';

/** Everything that can draw or wait, at once. */
async function busy(seed: number, serviceMs = 40): Promise<SimulationReport> {
  const simulation = new Simulation(seed);
  const { clock } = simulation;
  const server = simulation.server({ workers: 5, serviceMs: logNormal({ medianMs: serviceMs, p99Ms: 400 }) });
  simulation.at(1_000, () => server.change({ failRatio: 0.3, slowness: 2 }));
  simulation.at(2_000, () => server.change({ failRatio: 0, slowness: 1 }));
  return simulation.run({
    arrivals: poisson(60),
    durationMs: 4_000,
    policy: pipeline(
      new Retry({ attempts: 3, idempotent: true, clock, random: simulation.random() }),
      new Bulkhead({ slots: 30, queue: 10, clock }),
      new Timeout({ timeoutMs: 500, clock }),
      new Hedge({ delayMs: 200, idempotent: true, clock }),
    ),
    operation: context => server.request(context),
    goodWithinMs: 300,
    sliceMs: 500,
  });
}

describe('a simulation', () => {
  it('gives the same report, and the same trace, for the same seed, and another for another', async () => {
    const [one, again, other] = [await busy(7), await busy(7), await busy(8)];
    expect(again).toEqual(one);
    expect(one.trace).toMatch(/^[0-9a-f]{16}$/);
    expect(other.trace).not.toBe(one.trace);
  });

  it('has another trace when anything is a little different', async () => {
    const [one, other] = [await busy(7), await busy(7, 40.000_001)];
    expect(other.calls).toBe(one.calls);
    expect(other.trace).not.toBe(one.trace);
  });

  it('counts everything once, in the sum and in its slices', async () => {
    const report = await busy(7);
    const { calls, succeeded, good, failed, unfinished, failures, slices, latency } = report;
    expect(succeeded + failed + unfinished).toBe(calls);
    expect(Object.values(failures).reduce((sum, count) => sum + count, 0)).toBe(failed);
    expect(latency.count).toBe(succeeded);
    expect(slices.map(({ fromMs }) => fromMs)).toEqual([0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500]);
    const sum = (of: 'calls' | 'succeeded' | 'good' | 'requests') =>
      slices.reduce((all, slice) => all + slice[of], 0);
    expect([sum('calls'), sum('succeeded'), sum('good')]).toEqual([calls, succeeded, good]);
    // What is asked while the last calls end belongs to no slice.
    expect(sum('requests')).toBeLessThanOrEqual(report.requests);
    expect(report.requests).toBe(report.servers[0]!.requests);
    expect(report.goodputPerSecond).toBe(good / 4);
    expect(report.offeredPerSecond).toBe(calls / 4);
  });

  it('says exactly what happened where nothing is left to chance', async () => {
    const simulation = new Simulation(1);
    const { clock } = simulation;
    const server = simulation.server({ workers: 1, serviceMs: constant(10), name: 'shop' });
    simulation.at(500, () => server.change({ slowness: 10 }));
    const report = await simulation.run({
      arrivals: evenly(10),
      durationMs: 1_000,
      policy: new Timeout({ timeoutMs: 99, clock }),
      operation: context => server.request(context),
      sliceMs: 500,
    });
    // The calls at 500, which the change preceded, and after it wait for 99 ms in vain.
    expect(report).toMatchObject({
      ...{ seed: 1, calls: 10, succeeded: 4, failed: 6, unfinished: 0, failures: { ERR_TIMEOUT: 6 } },
      ...{ requests: 10, amplification: 1, throughputPerSecond: 4, goodRatio: 0.4 },
      latency: { count: 4, meanMs: 10, maxMs: 10 },
      servers: [{ name: 'shop', requests: 10, wasted: 6, served: 10 }],
    });
    expect(report.slices.map(({ goodRatio }) => goodRatio)).toEqual([1, 0]);
  });

  it('takes calls without a policy, what callers say of them, and what is good', async () => {
    const simulation = new Simulation(1);
    const server = simulation.server({ workers: 1, serviceMs: constant(10) });
    const keys: (string | undefined)[] = [];
    const report = await simulation.run({
      arrivals: users(2, constant(30)),
      durationMs: 100,
      callOptions: call => ({ key: `call ${call}` }),
      operation: async context => {
        keys.push(context.key);
        await server.request(context);
        if (context.key === 'call 1') throw 'oops';
      },
      goodWithinMs: 10,
    });
    expect(keys).toEqual(['call 0', 'call 1', 'call 2', 'call 3']);
    expect(report).toMatchObject({ calls: 4, succeeded: 3, good: 3, failures: { string: 1 } });
  });

  it('lets calls in flight end, and says how many did not', async () => {
    const run = (drainMs: number) => {
      const simulation = new Simulation(1);
      const server = simulation.server({ workers: 1, serviceMs: constant(100) });
      const operation = () => server.request();
      return simulation.run({ arrivals: evenly(100), durationMs: 100, operation, drainMs });
    };
    expect(await run(0)).toMatchObject({ calls: 10, succeeded: 0, unfinished: 10 });
    expect(await run(450)).toMatchObject({ calls: 10, succeeded: 5, unfinished: 5 });
    expect(await run(10_000)).toMatchObject({ calls: 10, succeeded: 10, unfinished: 0 });
  });

  it('ends with an error when calls never end', async () => {
    const simulation = new Simulation(1);
    const load = { arrivals: evenly(1_000), durationMs: 10_000, operation: () => new Promise(() => {}) };
    await expect(simulation.run({ ...load, maxInFlight: 50 })).rejects.toThrow(
      'Simulation: more than 50 calls are in flight; they need a timeout, or `maxInFlight` is too small',
    );
  });

  it('runs once', async () => {
    const simulation = new Simulation(1);
    const load = { arrivals: evenly(1), durationMs: 10, operation: () => 1 };
    await simulation.run(load);
    await expect(simulation.run(load)).rejects.toThrow('Simulation: it has run already; make another one');
  });

  it('remembers no more than 64 kinds of failures', async () => {
    const simulation = new Simulation(1);
    let calls = 0;
    const operation = () => Promise.reject(Object.assign(new Error(), { code: `E${calls++}` }));
    const { failures, failed } = await simulation.run({
      arrivals: evenly(100),
      durationMs: 1_000,
      operation,
    });
    expect(failed).toBe(100);
    expect(Object.keys(failures)).toHaveLength(65);
    expect(failures['others']).toBe(36);
  });

  it('says what is wrong with its options', async () => {
    const load: SimulatedLoad = { arrivals: evenly(1), durationMs: 100, operation: () => 1 };
    const refused = (wrong: object) => new Simulation(1).run({ ...load, ...wrong }).catch(String);
    expect(await refused({ durationMs: 0 })).toContain(
      'Simulation: `durationMs` must be a number > 0, got 0',
    );
    expect(await refused({ sliceMs: 0.001 })).toContain('`sliceMs` must be a number >= 0.01 <= 100');
    expect(await refused({ goodWithinMs: 0 })).toContain('`goodWithinMs` must be a number > 0, or Infinity');
    expect(await refused({ drainMs: -1 })).toContain('`drainMs` must be a number >= 0, got -1');
    expect(await refused({ maxInFlight: 1.5 })).toContain('`maxInFlight` must be an integer >= 1 <= 1000000');
    expect(await refused({ arrivals: 5 })).toContain('`arrivals` must be a function, got 5');
    expect(await refused({ operation: undefined })).toContain('`operation` must be a function');
    expect(await refused({ policy: {} })).toContain('`policy` must be a policy, got an object');
    expect(await refused({ duration: 5 })).toContain('unknown option `duration`');
    expect(() => new Simulation(0.5)).toThrow('`seed` must be a safe integer');
    expect(() => new Simulation(1).at(-1, () => {})).toThrow(
      'Simulation: `atMs` must be a number >= 0, got -1',
    );
  });

  it('plays an hour in slices of a second, and leaves no timer behind', async () => {
    const simulation = new Simulation(3);
    const server = simulation.server({ workers: 4, serviceMs: exponential(100) });
    const load = { arrivals: poisson(2), durationMs: 3_600_000, operation: () => server.request() };
    const report = await simulation.run(load);
    expect(report.slices).toHaveLength(3_600);
    expect(report.goodRatio).toBe(1);
    expect(simulation.clock.timers).toBe(0);
  });
});
