import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

let clock: VirtualClock;
let log: string[];
const note = (name: string) => (): void => {
  log.push(`${name}@${clock.now()}`);
};

beforeEach(() => {
  clock = new VirtualClock();
  log = [];
});

describe('VirtualClock', () => {
  it('stands still by itself', () => {
    clock.schedule(0, note('a'));
    expect([clock.now(), clock.coarse(), clock.timers, log]).toEqual([0, 0, 1, []]);
  });

  it('fires in order of time, ties in the order of scheduling', async () => {
    clock.schedule(20, note('c'));
    clock.schedule(10, note('a'));
    clock.schedule(20, note('d'));
    clock.schedule(10, note('b'));
    clock.schedule(21, note('late'));
    await clock.advance(20);
    expect(log).toEqual(['a@10', 'b@10', 'c@20', 'd@20']);
    expect([clock.now(), clock.timers, clock.nextTimerAt]).toEqual([20, 1, 21]);
  });

  it('honours timers scheduled by continuations within the span', async () => {
    const sleep = (ms: number) => new Promise<void>(resolve => clock.schedule(ms, resolve));
    const worker = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await sleep(10);
        for (let hop = 0; hop < 50; hop++) await undefined;
        note('round')();
      }
    };
    const work = worker();
    await clock.advance(30);
    expect(log).toEqual(['round@10', 'round@20', 'round@30']);
    await work;
  });

  it('lets promises settle before it moves at all', async () => {
    void Promise.resolve().then(() => clock.schedule(5, note('a')));
    await clock.advance(5);
    expect(log).toEqual(['a@5']);
  });

  it('advances synchronously, timers scheduled by timers included', () => {
    clock.schedule(10, () => clock.schedule(5, note('inner')));
    clock.advanceSync(20);
    expect([log, clock.now()]).toEqual([['inner@15'], 20]);
  });

  it('cancels a timer, before, after and during its time', async () => {
    const early = clock.schedule(10, note('early'));
    const victim = clock.schedule(20, note('victim'));
    clock.schedule(20, note('other'));
    clock.schedule(15, () => victim.cancel());
    early.cancel();
    early.cancel();
    expect(clock.timers).toBe(3);
    await clock.advance(20);
    victim.cancel();
    expect([log, clock.timers]).toEqual([['other@20'], 0]);
  });

  it('takes delays of any length, never fires Infinity and counts a negative delay as none', async () => {
    clock.schedule(Number.POSITIVE_INFINITY, note('never')).cancel();
    clock.schedule(2 ** 40, note('far'));
    clock.schedule(-5, note('now'));
    expect(clock.timers).toBe(2);
    await clock.advance(2 ** 40 - 1);
    expect(log).toEqual(['now@0']);
    await clock.advance(1);
    expect(log).toEqual(['now@0', `far@${2 ** 40}`]);
  });

  it('steps the wall clock without moving the time', async () => {
    clock = new VirtualClock({ nowMs: 500, wallMs: 1_000 });
    clock.schedule(10, note('a'));
    clock.stepWall(-3_600_000);
    expect([clock.now(), clock.wall()]).toEqual([500, 1_000 - 3_600_000]);
    await clock.advance(10);
    expect([log, clock.wall()]).toEqual([['a@510'], 1_010 - 3_600_000]);
  });

  it('fires late, in one go, what came due while the process was suspended', async () => {
    clock.schedule(10, () => {
      note('a')();
      clock.schedule(0, note('next'));
      clock.schedule(1, note('later'));
    });
    clock.schedule(20, note('b'));
    await clock.suspend(60_000);
    expect(log).toEqual(['a@60000', 'b@60000', 'next@60000']);
    expect(clock.nextTimerAt).toBe(60_001);
  });

  it('runs a callback at the end of the turn at once', () => {
    clock.afterTurn(note('turn'));
    expect(log).toEqual(['turn@0']);
  });

  it('tells which timers would hold a process open', () => {
    clock.schedule(1, note('a'), true);
    clock.schedule(1, note('b'));
    expect([clock.timers, clock.keepAliveTimers]).toEqual([2, 1]);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('refuses to advance by %d', async ms => {
    await expect(clock.advance(ms)).rejects.toThrow(RangeError);
    await expect(clock.suspend(ms)).rejects.toThrow(RangeError);
    expect(() => clock.advanceSync(ms)).toThrow(RangeError);
  });

  it('refuses bad starts, steps and delays', () => {
    expect(() => new VirtualClock({ nowMs: Number.NaN })).toThrow('VirtualClock: `nowMs`');
    expect(() => new VirtualClock({ wallMs: Number.POSITIVE_INFINITY })).toThrow('VirtualClock: `wallMs`');
    expect(() => clock.stepWall(Number.NaN)).toThrow(RangeError);
    expect(() => clock.schedule(Number.NaN, note('a'))).toThrow(RangeError);
  });
});
