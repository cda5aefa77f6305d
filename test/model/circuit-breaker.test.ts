import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/core/circuit.js';
import { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import type { CircuitBreakerEvents } from '../../src/resilience/circuit-events.js';
import { type CircuitBreakerOptions, circuitRules } from '../../src/resilience/circuit-options.js';
import { settle } from '../../src/testing/settle.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { boom, pending } from '../fixtures/breaker.js';
import { type NaiveCall, NaiveCircuit } from './naive-circuit.js';

interface Call {
  readonly call: NaiveCall;
  readonly remote: ReturnType<typeof pending<unknown>>;
  readonly answer: Promise<unknown>;
  readonly aborting: AbortController;
}
interface Model {
  readonly naive: NaiveCircuit;
  readonly told: string[];
  readonly running: Call[];
}
interface Real {
  readonly breaker: CircuitBreaker;
  readonly clock: VirtualClock;
  readonly told: string[];
}
type Step = fc.AsyncCommand<Model, Real>;

const eventOf = {
  open: 'opened',
  'half-open': 'halfOpened',
  closed: 'closed',
  isolated: 'isolated',
  disabled: 'disabled',
};

/** Does to the naive breaker what is done to the real one, and writes down the transitions that it makes. */
const noting = <T>({ naive, told }: Model, act: () => T): T => {
  const before = naive.state;
  const result = act();
  if (naive.state !== before) told.push(eventOf[naive.state]);
  return result;
};

const check = ({ naive, told, running }: Model, real: Real): void => {
  const { state, counts, totals, inFlight, trips } = real.breaker.explain();
  expect({ state, trips }).toEqual({ state: naive.state, trips: naive.trips });
  expect(real.told).toEqual(told);
  if (state === 'closed') expect(counts).toEqual(naive.counts(real.clock.now()));
  const { success, failure, ignored, cancelled, rejected } = totals;
  expect(inFlight).toBe(running.length);
  expect(success + failure + ignored + cancelled + rejected + inFlight).toBe(naive.calls.length);
  expect(real.clock.timers).toBe(0);
};

const call: Step = {
  check: () => true,
  async run(model, real) {
    const expected = noting(model, () => model.naive.admit(real.clock.now()));
    const remote = pending<unknown>();
    const aborting = new AbortController();
    let ran = 0;
    const operation = () => {
      ran++;
      return remote.operation();
    };
    const answer = real.breaker.execute(operation, { signal: aborting.signal });
    expect(ran).toBe(expected.admitted ? 1 : 0);
    if (expected.admitted) model.running.push({ call: expected, remote, answer, aborting });
    else await expect(answer).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    check(model, real);
  },
  toString: () => 'call',
};

/** What the remote does, and the verdict that it amounts to. */
const endings: Record<string, [Verdict, (call: Call) => unknown]> = {
  answer: ['success', ({ remote }) => remote.resolve(boom)],
  'answer undefined': ['success', ({ remote }) => remote.resolve(undefined)],
  fail: ['failure', ({ remote }) => remote.reject(boom)],
  'fail with undefined': ['failure', ({ remote }) => remote.reject(undefined)],
  reject: ['ignored', ({ remote }) => remote.reject({ rejected: true })],
  'fail after an abort': [
    'cancelled',
    ({ remote, aborting }) => {
      aborting.abort(boom);
      remote.reject(aborting.signal.reason);
    },
  ],
  'answer in spite of an abort': [
    'success',
    ({ remote, aborting }) => {
      aborting.abort(boom);
      remote.resolve('fine');
    },
  ],
};

const end = (which: number, ending: string): Step => ({
  check: ({ running }) => running.length > 0,
  async run(model, real) {
    const [ended] = model.running.splice(which % model.running.length, 1);
    const [verdict, act] = endings[ending]!;
    noting(model, () => model.naive.settle(ended!.call, verdict, real.clock.now(), 0));
    act(ended!);
    const settled = await ended!.answer.then(
      value => ({ value }),
      error => ({ error }),
    );
    const direct = await ended!.remote.operation().then(
      value => ({ value }),
      error => ({ error }),
    );
    expect(settled).toStrictEqual(direct);
    check(model, real);
  },
  toString: () => `${ending}(${which})`,
});

const pass = (ms: number): Step => ({
  check: () => true,
  run: (_, real) => real.clock.advance(ms),
  toString: () => `+${ms}`,
});

const order = (verb: 'isolate' | 'disable' | 'reset'): Step => ({
  check: () => true,
  async run(model, real) {
    const state = { isolate: 'isolated', disable: 'disabled', reset: 'closed' } as const;
    noting(model, () => model.naive.force(state[verb]));
    real.breaker[verb]();
    await settle();
    check(model, real);
  },
  toString: () => verb,
});

const steps = fc.commands<Model, Real, false>(
  [
    fc.constant(call),
    fc.constant(call),
    fc
      .tuple(fc.nat(5), fc.constantFrom(...Object.keys(endings), 'fail', 'fail'))
      .map(([n, ending]) => end(n, ending)),
    fc.oneof(fc.nat(20), fc.nat(150)).map(pass),
    fc.constantFrom('isolate' as const, 'disable' as const, 'reset' as const, 'reset' as const).map(order),
  ],
  { maxCommands: 60, size: '+1' },
);

const options: fc.Arbitrary<CircuitBreakerOptions> = fc
  .record(
    {
      consecutiveFailures: fc.integer({ min: 1, max: 3 }),
      failureRatio: fc.constantFrom(0.25, 0.5, 1),
      window: fc.constantFrom({ calls: 6 }, { ms: 60, buckets: 6 }),
      slowMs: fc.integer({ min: 1, max: 30 }),
      probes: fc.integer({ min: 1, max: 4 }),
      probeLeaseMs: fc.integer({ min: 1, max: 60 }),
    },
    { requiredKeys: [] },
  )
  .map(some => ({ ...some, minCalls: 3, openMs: 40 }));

describe('a circuit breaker', () => {
  it('agrees with a naive one on every call, transition, count and result', async () => {
    await fc.assert(
      fc.asyncProperty(options, steps, async (options, steps) => {
        const setup = async () => {
          const clock = new VirtualClock();
          const breaker = new CircuitBreaker({ ...options, clock });
          const told: string[] = [];
          for (const name of Object.values(eventOf)) {
            breaker.on(name as keyof CircuitBreakerEvents, () => told.push(name));
          }
          const model: Model = { naive: new NaiveCircuit(circuitRules(options)), told: [], running: [] };
          return { model, real: { breaker, clock, told } };
        };
        await fc.asyncModelRun(setup, steps);
      }),
    );
  }, 60_000);
});
