import { expect, it } from 'vitest';
import { pipeline } from '../../src/kernel/pipeline.js';
import type { Policy } from '../../src/kernel/policy.js';
import { Bulkhead } from '../../src/resilience/bulkhead.js';
import { Timeout } from '../../src/resilience/timeout.js';
import { microtaskSweep } from '../../src/testing/microtask-sweep.js';
import { settle } from '../../src/testing/settle.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { Gate } from '../fixtures/gate.js';

type Compose = (bulkhead: Bulkhead, clock: VirtualClock) => Policy;

/** `a` holds the only slot, `b` waits for it. */
class Brink {
  readonly clock = new VirtualClock();
  readonly gate = new Gate();
  readonly bulkhead = new Bulkhead({ slots: 1, queue: 3, queueTimeoutMs: 1_000, clock: this.clock });
  readonly caller = new AbortController();
  readonly #policy: Policy;
  arrivals = 0;

  constructor(compose: Compose) {
    this.#policy = compose(this.bulkhead, this.clock);
    this.call('a').catch(() => {});
    this.call('b', this.caller.signal).catch(() => {});
  }

  call(name: string, signal?: AbortSignal): Promise<string> {
    this.arrivals++;
    return this.#policy.execute(this.gate.operation(name), { signal });
  }

  /** Ends all that runs until nothing does; what must hold at each standstill. */
  async drain(): Promise<string | undefined> {
    for (;;) {
      await settle();
      const { slots, taken, waiting } = this.bulkhead.snapshot();
      if (taken !== this.gate.running) return `${taken} slots taken by ${this.gate.running} operations`;
      if (waiting > 0 && taken < slots) return 'somebody waits for a free slot';
      const [name] = this.gate.open;
      if (name === undefined) return waiting > 0 ? 'somebody waits for ever' : undefined;
      this.gate.end(name);
    }
  }
}

const actions = {
  'a caller arrives': (brink: Brink) => brink.call(`c${brink.arrivals}`),
  'the waiter gives up': (brink: Brink) => brink.caller.abort(new Error('gave up')),
  'a slot is added': (brink: Brink) => brink.bulkhead.resize(2),
  'the slots are halved': (brink: Brink) => brink.bulkhead.resize(1),
};

it.each([
  ['alone', bulkhead => bulkhead],
  ['inside a timeout', (bulkhead, clock) => pipeline(new Timeout({ timeoutMs: 5_000, clock }), bulkhead)],
  [
    'between others',
    (bulkhead, clock) => pipeline(new Bulkhead({ slots: 9 }), bulkhead, new Bulkhead({ slots: 9, clock })),
  ],
] as [string, Compose][])(
  'nobody overtakes who waits, whatever microtask one comes in (%s)',
  async (_, compose) => {
    const { runs } = await microtaskSweep<Brink>({
      subject: () => new Brink(compose),
      trigger: brink => brink.gate.end('a'),
      actions,
      async check(brink, calls) {
        const trouble = await brink.drain();
        if (trouble !== undefined) return trouble;
        const { started, most } = brink.gate;
        const gaveUp = calls.some(({ action }) => action === 'the waiter gives up');
        if (!gaveUp && started[1] !== 'b') return `started in the order ${started.join(' ')}`;
        if (started.length < brink.arrivals - (gaveUp ? 1 : 0)) return `only ${started.join(' ')} started`;
        if (most > (calls.some(({ action }) => action === 'a slot is added') ? 2 : 1))
          return `${most} ran at once`;
        return brink.clock.timers > 0 ? 'a timer was left' : undefined;
      },
    });
    expect(runs).toBe(4 * 17 + 16 * 153);
  },
);
