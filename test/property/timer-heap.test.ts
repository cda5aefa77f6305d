import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('schedule' as const), ms: fc.nat(8) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), ms: fc.nat(40) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(6) }) },
  ),
  { maxLength: 120 },
);

describe('the timers of a virtual clock', () => {
  it('fire in order of time and of scheduling, each once, and never once they are cancelled', () => {
    fc.assert(
      fc.property(steps, taken => {
        const clock = new VirtualClock();
        const fired: number[] = [];
        const timers: { cancel(): void }[] = [];
        // The same by a list that is sorted anew each time.
        let waiting: { id: number; due: number }[] = [];
        const wanted: number[] = [];
        for (const { kind, ms } of taken) {
          if (kind === 'schedule') {
            const id = timers.length;
            waiting.push({ id, due: clock.now() + ms });
            timers.push(clock.schedule(ms, () => fired.push(id)));
          } else if (kind === 'cancel') {
            timers[ms]?.cancel();
            waiting = waiting.filter(({ id }) => id !== ms);
          } else {
            const end = clock.now() + ms;
            clock.advanceSync(ms);
            const due = waiting.filter(one => one.due <= end).sort((a, b) => a.due - b.due || a.id - b.id);
            wanted.push(...due.map(({ id }) => id));
            waiting = waiting.filter(one => one.due > end);
          }
          expect([fired, clock.timers]).toEqual([wanted, waiting.length]);
        }
      }),
    );
  });
});
