import { describe, expect, it } from 'vitest';
import { Timeout } from '../../../src/resilience/timeout.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { deferred } from '../kernel/recording-guards.js';
import { TurnClock } from '../kernel/turn-clock.js';

const never = (): Promise<never> => new Promise(() => {});

describe('Timeout in an event loop that lags', () => {
  it('is not charged for the rest of the turn in which the call was started', async () => {
    const clock = new TurnClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const gate = deferred<string>();
    const call = timeout.execute(() => gate.promise);
    clock.block(5_000);
    clock.nextTurn(49);
    clock.nextTurn();
    gate.resolve('answer');
    await expect(call).resolves.toBe('answer');
  });

  it.each([
    ['its own span', undefined],
    ['the deadline of the call', { timeoutMs: 40 }],
  ])('does not lose an answer that has arrived to %s', async (_whose, options) => {
    const clock = new TurnClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const arrived = deferred<string>();
    const calls = [timeout.execute(() => arrived.promise, options), timeout.execute(never, options)];
    clock.nextTurn();
    // The loop was blocked for 5 s: timers fire first, and the socket buffers are read in the same turn.
    clock.nextTurn(5_000);
    arrived.resolve('was there all the time');
    await settle();
    clock.nextTurn();
    await expect(calls[0]).resolves.toBe('was there all the time');
    await expect(calls[1]).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(timeout.snapshot()).toMatchObject({ running: 0, timedOut: 1 });
    clock.nextTurn();
    expect(clock.timersAt).toEqual([]);
  });

  it('ends the calls that ran when the process was suspended, and gives later ones their span', async () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const ended: unknown[] = [];
    const start = (label: string, timeoutMs = 1_000): void => {
      timeout.execute(never, { timeoutMs }).catch((error: { code: string }) => {
        ended.push([label, clock.now(), error.code]);
      });
    };
    start('a');
    await clock.advance(20);
    start('b');
    start('c', 10);
    await clock.suspend(600_000);
    const woke = 600_020;
    expect(ended).toHaveLength(3);
    for (const label of ['a', 'b', 'c']) expect(ended).toContainEqual([label, woke, 'ERR_TIMEOUT']);
    start('d');
    await clock.advance(49);
    expect(ended).toHaveLength(3);
    await clock.advance(1);
    expect(ended[3]).toEqual(['d', woke + 50, 'ERR_TIMEOUT']);
    expect(clock.timers).toBe(0);
  });

  it('is not moved by steps of the wall clock', async () => {
    const clock = new VirtualClock();
    const call = new Timeout({ timeoutMs: 50, clock }).execute(never);
    clock.stepWall(-3_600_000);
    clock.stepWall(7_200_000);
    await expect(clock.runUntil(call)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(clock.now()).toBe(50);
  });
});
