import { describe, expect, it } from 'vitest';
import { WorkLoop } from '../../../src/kernel/work-loop.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

function looped(answers: readonly (boolean | Error | Promise<boolean>)[]) {
  const clock = new VirtualClock();
  const at: number[] = [];
  const errors: unknown[] = [];
  const work = async (): Promise<boolean> => {
    const answer = answers[at.push(clock.now()) - 1] ?? false;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { clock, at, errors, loop: new WorkLoop(work, error => errors.push(error), 100, clock) };
}

describe('a work loop', () => {
  it('works at once while there is more to do, and then from time to time', async () => {
    const { clock, at, loop } = looped([true, true, false]);
    loop.start();
    await clock.advance(250);
    expect(at).toEqual([0, 0, 0, 100, 200]);
    await loop.close();
    expect(clock.timers).toBe(0);
  });

  it('lets all else have its turn while there is more, and waits for none when there is not', async () => {
    const { clock, at, loop } = looped([true, true, false]);
    let turns = 0;
    const { afterTurn } = clock;
    clock.afterTurn = resume => {
      turns++;
      afterTurn.call(clock, resume);
    };
    loop.start();
    await clock.advance(50);
    expect([at.length, turns]).toEqual([3, 2]);
    await loop.close();
  });

  it('does not ask at once again what failed, and goes on after it', async () => {
    const { clock, at, errors, loop } = looped([new Error('away'), true]);
    loop.start();
    await clock.advance(100);
    expect(at).toEqual([0, 100, 100]);
    expect(errors).toEqual([new Error('away')]);
    await loop.close();
  });

  it('works sooner when it is woken, once more when it is at work, and never after its end', async () => {
    let answer = (_: boolean): void => {};
    const held = new Promise<boolean>(resolve => {
      answer = resolve;
    });
    const { clock, at, loop } = looped([false, held]);
    loop.wake();
    await clock.advance(10);
    expect(at).toEqual([]);
    loop.start();
    await clock.advance(20);
    loop.wake();
    await clock.advance(5);
    loop.wake();
    loop.wake();
    answer(false);
    await clock.advance(0);
    expect(at).toEqual([10, 30, 35]);
    await loop.close();
    loop.wake();
    await clock.advance(500);
    expect(at).toHaveLength(3);
  });

  it('ends after the work that is under way, though there is more', async () => {
    let answer = (_: boolean): void => {};
    const held = new Promise<boolean>(resolve => {
      answer = resolve;
    });
    const { clock, at, loop } = looped([held]);
    loop.start();
    const closed = loop.close();
    answer(true);
    await closed;
    expect(clock.timers).toBe(0);
    await clock.advance(500);
    expect(at).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });
});
