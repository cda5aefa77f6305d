import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { closedLoop, openLoop } from './harness/arrivals.js';
import { optimalLimit } from './harness/optimum.js';
import { Server } from './harness/server.js';
import { bimodal, deterministic, exponential } from './harness/service-time.js';

describe('the simulator', () => {
  it('draws spans of the mean that was asked for', () => {
    for (const kind of [exponential, bimodal, deterministic]) {
      const draw = kind(100, seededRandom(3));
      let sum = 0;
      for (let i = 0; i < 50_000; i++) sum += draw();
      expect(sum / 50_000 / 100).toBeCloseTo(1, 1);
    }
  });

  it('serves in order of arrival with as many workers as there are', () => {
    const clock = new VirtualClock();
    const server = new Server(clock, 2, deterministic(10));
    const done: string[] = [];
    for (let call = 0; call < 4; call++) server.accept(() => done.push(`${call}@${clock.now()}`));
    expect(server.queued).toBe(2);
    clock.advanceSync(10);
    server.slowDown(3);
    server.resize(3);
    server.accept(() => done.push(`4@${clock.now()}`));
    clock.advanceSync(40);
    expect(done).toEqual(['0@10', '1@10', '2@20', '3@20', '4@40']);
    expect(server.served).toBe(5);
  });

  it('answers as the formula of Erlang does: 8 of 10 lines busy are a loss of 12 %', () => {
    const clock = new VirtualClock();
    const random = seededRandom(5);
    const server = new Server(clock, 10, exponential(100, random.fork()));
    let running = 0;
    let [lost, calls] = [0, 0];
    openLoop(clock, exponential(12.5, random.fork()), () => {
      calls++;
      if (running === 10) lost++;
      else {
        running++;
        server.accept(() => {
          running--;
        });
      }
    });
    clock.advanceSync(2_000_000);
    expect(lost / calls).toBeCloseTo(0.1217, 2);
    expect(optimalLimit(10, 0.8, 0.7)).toBe(10);
  });

  it('has users who wait for an answer before they ask again', () => {
    const clock = new VirtualClock();
    const server = new Server(clock, 1, deterministic(10));
    const stop = closedLoop(clock, 3, deterministic(5), done => server.accept(done));
    clock.advanceSync(1_004);
    expect(server.served).toBe(99);
    stop();
    clock.advanceSync(1_000);
    expect(server.served).toBe(102);
    expect(clock.timers).toBe(0);
  });
});
