import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pipeline } from '../../src/kernel/pipeline.js';
import { Bulkhead } from '../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import { Coalesce } from '../../src/resilience/coalesce.js';
import { Hedge } from '../../src/resilience/hedge.js';
import { Retry } from '../../src/resilience/retry.js';
import { Timeout } from '../../src/resilience/timeout.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { awkwardNames, awkwardNumbers, effort, expectCleanPrototypes } from './effort.js';

const known = ['signal', 'timeoutMs', 'key', 'idempotencyKey', 'idempotent', 'priority', 'attributes'];

/** A signal, or something that was taken for one. */
const signals = fc.constantFrom<() => unknown>(
  () => new AbortController().signal,
  () => AbortSignal.abort(),
  () => AbortSignal.abort(null),
  () => new EventTarget(),
  () => new AbortController(),
  () => ({ aborted: true, reason: 7, addEventListener() {}, removeEventListener() {} }),
  () => ({ aborted: false, addEventListener() {}, removeEventListener() {} }),
);

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withTypedArray: true,
});
const fields = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...known) },
      { weight: 1, arbitrary: fc.constantFrom(...awkwardNames) },
    ),
    fc.oneof(
      fc.constantFrom(...awkwardNumbers).map(value => () => value),
      fc.constantFrom('a', '', '__proto__', true, false).map(value => () => value),
      anything.map(value => () => value),
      signals,
    ),
  ),
  { maxLength: 4 },
);
const record = (entries: readonly (readonly [string, () => unknown])[]): object =>
  Object.fromEntries(entries.map(([name, make]) => [name, make()]));
/** Fields that are read by asking, and some that do not answer. */
const trapped = fields.map(entries => {
  const options = {};
  for (const [name, make] of entries) {
    const value = make();
    const get = (): unknown => {
      if (value === null) throw new RangeError('no answer');
      return value;
    };
    Object.defineProperty(options, name, { get, enumerable: true, configurable: true });
  }
  return options;
});
const options = fc.oneof(
  { weight: 4, arbitrary: fields.map(record) },
  { weight: 2, arbitrary: trapped },
  { weight: 2, arbitrary: fields.map(entries => Object.create(record(entries)) as object) },
  { weight: 1, arbitrary: anything },
  { weight: 1, arbitrary: signals.map(make => make()) },
);

const policies = (clock: VirtualClock) => ({
  timeout: new Timeout({ timeoutMs: 50, clock }),
  bulkhead: new Bulkhead({ slots: 1, queue: 9, clock }),
  priorities: new Bulkhead({ slots: 1, queue: 9, order: 'priority', clock }),
  retry: new Retry({ attempts: 2, clock, random: () => 0.5 }),
  hedge: new Hedge({ delayMs: 5, clock }),
  coalesce: new Coalesce({ clock }),
  pipeline: pipeline(
    new CircuitBreaker({ clock }),
    new Bulkhead({ slots: 1, queue: 9, clock }),
    new Timeout({ timeoutMs: 50, clock }),
  ),
});

describe('a call with any options', () => {
  it.each(Object.keys(policies(new VirtualClock())))('ends, and leaves nothing behind: %s', async name => {
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(options, async option => {
        const clock = new VirtualClock();
        const policy = policies(clock)[name as 'timeout'];
        let runs = 0;
        const operation = () => new Promise<number>(resolve => clock.schedule(7, () => resolve(++runs)));
        // What is wrong with it rejects and is not thrown, so that one `catch` hears of everything.
        const calls = [1, 2].map(() => policy.execute(operation, option as object));
        const outcomes = await clock.runUntil(Promise.allSettled(calls));
        await clock.runAll();
        expect(clock.timers).toBe(0);
        expectCleanPrototypes();
        ran += runs;
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') expect(outcome.value).toBeGreaterThan(0);
        }
        // Nobody in the line has taken a slot along.
        expect(await clock.runUntil(policy.execute(() => 'next'))).toBe('next');
      }),
      effort(150),
    );
    expect(ran).toBeGreaterThan(0);
  });
});
