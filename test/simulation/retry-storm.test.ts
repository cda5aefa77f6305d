import { expect, it } from 'vitest';
import { pipeline } from '../../src/kernel/pipeline.js';
import { AdaptiveLimiter } from '../../src/resilience/adaptive-limiter.js';
import { Retry } from '../../src/resilience/retry.js';
import { RetryBudget } from '../../src/resilience/retry-budget.js';
import { Timeout } from '../../src/resilience/timeout.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { openLoop } from './harness/arrivals.js';
import { Server } from './harness/server.js';
import { exponential } from './harness/service-time.js';
import { percent, table } from './harness/table.js';

const CALLS_PER_SECOND = 80;
const PHASE_MS = 20_000;

/** A server at 80 % of its capacity, ten times as slow for 20 s; callers wait a second and try 4 times. */
async function storm(means: { readonly budget?: boolean; readonly limiter?: boolean }) {
  const clock = new VirtualClock();
  const random = seededRandom(11);
  const server = new Server(clock, 10, exponential(100, random.fork()));
  const budget = means.budget ? new RetryBudget({ reserve: 20, retryRatio: 0.1, clock }) : undefined;
  const retry = new Retry({ attempts: 4, clock, random: random.fork(), ...(budget && { budget }) });
  const timeout = new Timeout({ timeoutMs: 1_000, clock });
  const policy = means.limiter
    ? pipeline(retry, new AdaptiveLimiter({ clock }), timeout)
    : pipeline(retry, timeout);
  const phases: { calls: number; attempts: number; answers: number }[] = [];
  const stop = openLoop(clock, exponential(1_000 / CALLS_PER_SECOND, random.fork()), () => {
    const phase = phases.at(-1)!;
    phase.calls++;
    const attempt = () => {
      phase.attempts++;
      return new Promise<void>(resolve => server.accept(resolve));
    };
    policy.execute(attempt).then(
      () => {
        phase.answers++;
      },
      () => {},
    );
  });
  for (const slowness of [1, 10, 1, 1]) {
    server.slowDown(slowness);
    phases.push({ calls: 0, attempts: 0, answers: 0 });
    await clock.advance(PHASE_MS);
  }
  stop();
  await clock.advance(10_000);
  return phases.map(({ calls, attempts, answers }) => ({
    amplification: attempts / calls,
    goodput: answers / calls,
  }));
}

it('a retry storm outlives its cause; a budget bounds it, and a limiter ends it', async () => {
  const names = ['before', 'ten times as slow', 'well again', '20 s later'];
  const plain = await storm({});
  const budgeted = await storm({ budget: true });
  const limited = await storm({ budget: true, limiter: true });
  const shown = (outcome: (typeof plain)[number] | undefined): string =>
    `${outcome!.amplification.toFixed(2)}, ${percent(outcome!.goodput)}`;
  const rows = names.map((phase, at) => ({
    phase,
    'retries: attempts a call, answered': shown(plain[at]),
    'with a budget': shown(budgeted[at]),
    'with a budget and a limiter': shown(limited[at]),
  }));
  console.info(table(rows));
  expect(plain[1]!.amplification).toBeGreaterThan(3);
  expect(plain[3]!.goodput).toBeLessThan(0.1);
  expect(budgeted[1]!.amplification).toBeLessThan(1.15);
  expect(limited[1]!.amplification).toBeLessThan(1.15);
  expect(limited[3]!.goodput).toBeGreaterThan(0.95);
});
