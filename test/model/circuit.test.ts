import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Circuit, type Verdict } from '../../src/core/circuit.js';
import type { CircuitRules } from '../../src/core/circuit-rules.js';
import type { Permit } from '../../src/core/permit.js';
import { circuitRules, never } from '../fixtures/circuit-rules.js';
import { type NaiveCall, NaiveCircuit } from './naive-circuit.js';

interface Model {
  readonly naive: NaiveCircuit;
  now: number;
  /** Admitted and not yet settled, the oldest first. */
  readonly running: NaiveCall[];
}
interface Real {
  readonly circuit: Circuit;
  readonly running: Permit[];
}

const check = ({ naive, now, running }: Model, { circuit }: Real): void => {
  const { state, epoch, until, trips } = circuit.decision;
  expect({ state, epoch, trips }).toEqual({ state: naive.state, epoch: naive.epoch, trips: naive.trips });
  if (state === 'open') expect(until).toBe(naive.until);
  if (state === 'closed') expect(circuit.counts(now)).toEqual(naive.counts(now));
  const totals = circuit.totals();
  const settled = naive.calls.filter(call => call.verdict !== undefined);
  const how = (...verdicts: Verdict[]) => settled.filter(call => verdicts.includes(call.verdict!)).length;
  const rejected = naive.calls.filter(call => !call.admitted).length;
  expect(totals).toMatchObject({
    success: how('success', 'slow'),
    failure: how('failure'),
    ignored: how('ignored'),
    cancelled: how('cancelled'),
    rejected,
    stale: naive.stale,
  });
  expect(circuit.inFlight).toBe(running.length);
  expect(naive.calls.length).toBe(settled.length + rejected + circuit.inFlight);
};

class Admit implements fc.Command<Model, Real> {
  check = () => true;
  run(model: Model, real: Real): void {
    const call = model.naive.admit(model.now);
    const permit = real.circuit.pass() ?? real.circuit.admit(model.now, never);
    expect(permit !== undefined).toBe(call.admitted);
    if (permit !== undefined) {
      model.running.push(call);
      real.running.push(permit);
    }
    check(model, real);
  }
  toString = () => 'admit';
}

class Settle implements fc.Command<Model, Real> {
  readonly which: number;
  readonly verdict: Verdict;
  readonly retryAfterMs: number;
  constructor(which: number, verdict: Verdict, retryAfterMs: number) {
    this.which = which;
    this.verdict = verdict;
    this.retryAfterMs = retryAfterMs;
  }
  check = (model: Readonly<Model>) => model.running.length > 0;
  run(model: Model, real: Real): void {
    const index = this.which % model.running.length;
    const [call] = model.running.splice(index, 1);
    const [permit] = real.running.splice(index, 1);
    model.naive.settle(call!, this.verdict, model.now, this.retryAfterMs);
    real.circuit.record(permit!, this.verdict, model.now, never, this.retryAfterMs);
    check(model, real);
  }
  toString = () => `${this.verdict}(${this.which}, ${this.retryAfterMs})`;
}

class Pass implements fc.Command<Model, Real> {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check = () => true;
  run(model: Model): void {
    model.now += this.ms;
  }
  toString = () => `+${this.ms}`;
}

class Force implements fc.Command<Model, Real> {
  readonly state: 'isolated' | 'disabled' | 'closed';
  constructor(state: 'isolated' | 'disabled' | 'closed') {
    this.state = state;
  }
  check = () => true;
  run(model: Model, real: Real): void {
    model.naive.force(this.state);
    real.circuit.force(this.state, model.now);
    check(model, real);
  }
  toString = () => this.state;
}

const ratio = fc.integer({ min: 1, max: 100 }).map(hundredths => hundredths / 100);
const rules: fc.Arbitrary<CircuitRules> = fc
  .record(
    {
      mode: fc.constantFrom('enforce' as const, 'observe' as const),
      consecutiveFailures: fc.integer({ min: 1, max: 4 }),
      failureRatio: ratio,
      slowRatio: ratio,
      slowMs: fc.integer({ min: 0, max: 40 }),
      trip: fc.constant(counts => counts.failures + counts.overdue >= 3),
      minCalls: fc.integer({ min: 1, max: 8 }),
      openFactor: fc.constantFrom(1, 2, 3),
      probes: fc.integer({ min: 1, max: 4 }),
      probesToClose: fc.integer({ min: 1, max: 4 }),
      probeLeaseMs: fc.integer({ min: 1, max: 60 }),
    } satisfies { [Rule in keyof CircuitRules]?: fc.Arbitrary<CircuitRules[Rule]> },
    { requiredKeys: [] },
  )
  .chain(rules =>
    fc
      .oneof(
        fc.integer({ min: 1, max: 12 }).map(windowCalls => ({ windowCalls })),
        fc.constantFrom(1, 4, 10).map(buckets => ({ windowMs: 60, buckets })),
        fc.constant({}),
      )
      .map(window => {
        const merged = circuitRules({
          ...rules,
          ...window,
          openMs: 30,
          maxOpenMs: 150,
          maxRetryAfterMs: 100,
        });
        return { ...merged, probesToClose: Math.min(merged.probes, merged.probesToClose) };
      }),
  );

const commands = fc.commands(
  [
    fc.constant(new Admit()),
    fc.constant(new Admit()),
    fc
      .tuple(
        fc.nat(5),
        fc.constantFrom<Verdict>('success', 'failure', 'failure', 'slow', 'ignored', 'cancelled'),
        fc.constantFrom(0, 0, 20, 1e9),
      )
      .map(([which, verdict, retryAfterMs]) => new Settle(which, verdict, retryAfterMs)),
    fc.oneof(fc.nat(20), fc.nat(200)).map(ms => new Pass(ms)),
    fc
      .constantFrom('isolated' as const, 'disabled' as const, 'closed' as const)
      .map(state => new Force(state)),
  ],
  { maxCommands: 120, size: '+1' },
);

describe('a circuit', () => {
  it('agrees with a breaker that adds up its whole log again each time', () => {
    fc.assert(
      fc.property(rules, commands, (rules, commands) => {
        const setup = () => ({
          model: { naive: new NaiveCircuit(rules), now: 0, running: [] },
          real: { circuit: new Circuit(rules, 0), running: [] },
        });
        fc.modelRun(setup, commands);
      }),
    );
  }, 60_000);
});
