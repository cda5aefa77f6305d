import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Bulkhead } from '../../src/resilience/bulkhead.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

const call = fc.record({ afterMs: fc.nat({ max: 20 }), takesMs: fc.integer({ min: 1, max: 60 }) });

it('keeps the law of Little: the calls present, over time, are the times spent there', async () => {
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
