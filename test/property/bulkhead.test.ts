import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Bulkhead } from '../../src/resilience/bulkhead.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { Gate } from '../fixtures/gate.js';

const call = fc.record({ afterMs: fc.nat({ max: 20 }), takesMs: fc.integer({ min: 1, max: 60 }) });

it('keeps the law of Little: the calls present, over time, are the times spent there (BH7)', async () => {
  const sizes = fc.record({
    slots: fc.integer({ min: 1, max: 3 }),
    queue: fc.nat({ max: 5 }),
    order: fc.constantFrom('fifo', 'lifo', 'priority'),
    queueTimeoutMs: fc.integer({ min: 1, max: 80 }),
  });
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(call, { maxLength: 40 }), async (options, calls) => {
      const clock = new VirtualClock();
      const bulkhead = new Bulkhead({ ...options, clock });
      let area = 0;
      let sojourn = 0;
      let settled = 0;
      const pass = async (ms: number): Promise<void> => {
        for (let tick = 0; tick < ms; tick++) {
          const { taken, waiting } = bulkhead.snapshot();
          area += taken + waiting;
          await clock.advance(1);
        }
      };
      for (const { afterMs, takesMs } of calls) {
        await pass(afterMs);
        const from = clock.now();
        const leave = (): void => {
          sojourn += clock.now() - from;
          settled++;
        };
        const reply = () => new Promise(resolve => clock.schedule(takesMs, () => resolve(undefined)));
        bulkhead.execute(reply).then(leave, leave);
      }
      await pass(60 * (calls.length + 1));
      expect(settled).toBe(calls.length);
      expect(area).toBe(sojourn);
    }),
    { numRuns: 60 },
  );
});

/** What may happen in one turn of the event loop, one after the other and before anybody else has had it. */
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('arrive' as const), priority: fc.nat({ max: 2 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'fail' as const), pick: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('give up' as const), pick: fc.nat(30) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('resize' as const), slots: fc.integer({ min: 1, max: 4 }) }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

class Turns {
  readonly gate = new Gate();
  readonly callers: AbortController[] = [];
  readonly bulkhead: Bulkhead;
  settled = 0;

  constructor(order: 'fifo' | 'lifo' | 'priority') {
    this.bulkhead = new Bulkhead({ slots: 2, queue: 4, order, clock: new VirtualClock() });
  }

  take(it: Act): void {
    const { open } = this.gate;
    if (it.do === 'arrive') this.#arrive(it.priority);
    else if (it.do === 'resize') this.bulkhead.resize(it.slots);
    else if (it.do === 'give up') this.callers[it.pick]?.abort();
    else if (open.length > 0) {
      const name = open[it.pick % open.length]!;
      if (it.do === 'end') this.gate.end(name);
      else this.gate.fail(name, new Error('failed'));
    }
  }

  #arrive(priority: number): void {
    const caller = new AbortController();
    const name = `${this.callers.push(caller)}`;
    const leave = (): void => void this.settled++;
    this.bulkhead.execute(this.gate.operation(name), { priority, signal: caller.signal }).then(leave, leave);
  }
}

it('lets nobody wait beside a free slot at the end of any turn, and loses nobody (BH4, BH6)', async () => {
  const turns = fc.array(fc.array(act, { minLength: 1, maxLength: 4 }), { maxLength: 25, size: '+1' });
  let waited = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('fifo', 'lifo', 'priority'), turns, async (order, list) => {
      const world = new Turns(order);
      for (const acts of list) {
        for (const each of acts) world.take(each);
        // One turn, and no more: all that it leads to has to happen in it.
        await new Promise(setImmediate);
        const { slots, taken, waiting } = world.bulkhead.snapshot();
        waited += waiting;
        expect(waiting === 0 || taken >= slots, `${waiting} wait, ${taken} of ${slots} taken`).toBe(true);
        expect(taken).toBe(world.gate.running);
        expect(world.settled + taken + waiting).toBe(world.callers.length);
      }
    }),
  );
  expect(waited).toBeGreaterThan(0);
});
