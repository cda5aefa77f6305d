import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const move = fc.record({
  kind: fc.constantFrom('schedule', 'schedule', 'schedule', 'cancel', 'advance', 'step'),
  ms: fc.nat(20),
});

describe('VirtualClock, under any schedule', () => {
  it('fires every timer that is not cancelled, once, at its time and in order', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), moves => {
        const clock = new VirtualClock();
        const handles: { cancel(): void }[] = [];
        const fired: string[] = [];
        let waiting: { id: number; due: number }[] = [];
        const expected: string[] = [];
        for (const { kind, ms } of moves) {
          if (kind === 'step') clock.stepWall(-ms);
          if (kind === 'schedule') {
            const id = handles.length;
            waiting.push({ id, due: clock.now() + ms });
            handles.push(clock.schedule(ms, () => fired.push(`${id}@${clock.now()}`)));
          }
          if (kind === 'cancel') {
            handles[ms]?.cancel();
            waiting = waiting.filter(({ id }) => id !== ms);
          }
          if (kind === 'advance') {
            clock.advanceSync(ms);
            const due = waiting.filter(timer => timer.due <= clock.now());
            waiting = waiting.filter(timer => timer.due > clock.now());
            // The sort is stable, so ties stay in the order of scheduling.
            expected.push(...due.sort((a, b) => a.due - b.due).map(timer => `${timer.id}@${timer.due}`));
          }
          expect(fired).toEqual(expected);
          expect(clock.timers).toBe(waiting.length);
        }
      }),
    );
  });
});
