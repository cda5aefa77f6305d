import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/testing/seeded-random.js';
import { poisson } from '../../../../src/testing/simulation/arrivals.js';
import { constant, exponential } from '../../../../src/testing/simulation/distributions.js';
import { type ServerFate, SimulatedServer } from '../../../../src/testing/simulation/server.js';
import type { ServerShape } from '../../../../src/testing/simulation/server-options.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';
import { optimalLimit } from '../../../simulation/harness/optimum.js';

function serve(shape: Partial<ServerShape> = {}) {
  const clock = new VirtualClock();
  const all = { workers: 1, serviceMs: constant(10), ...shape };
  const server = new SimulatedServer({ ...all, clock, random: seededRandom(1) });
  const log: string[] = [];
  const ask = (name: string, isGone?: () => boolean): void => {
    server.accept((fate: ServerFate) => log.push(`${name} ${fate} ${clock.now()}`), isGone);
  };
  return { clock, server, log, ask };
}

describe('a simulated server', () => {
  it('serves in order of arrival with as many workers as there are', () => {
    const { clock, server, log, ask } = serve({ workers: 2 });
    for (const name of ['a', 'b', 'c', 'd']) ask(name);
    expect([server.busy, server.queued]).toEqual([2, 2]);
    clock.advanceSync(10);
    server.change({ workers: 3, slowness: 3 });
    ask('e');
    clock.advanceSync(40);
    expect(log).toEqual(['a served 10', 'b served 10', 'c served 20', 'd served 20', 'e served 40']);
    expect(server.report()).toMatchObject({ requests: 5, served: 5, mostQueued: 2, workedMs: 70 });
  });

  it('takes the newest first, and lets the oldest go when its queue is full', () => {
    const { clock, log, ask } = serve({ order: 'lifo', queue: 2 });
    for (const name of ['a', 'b', 'c', 'd']) ask(name);
    clock.advanceSync(100);
    expect(log).toEqual(['b refused 0', 'a served 10', 'd served 20', 'c served 30']);
  });

  it.each(['fifo', 'lifo'] as const)('refuses all that it has no worker for without a queue: %s', order => {
    const { clock, log, ask } = serve({ order, queue: 0 });
    ask('a');
    ask('b');
    clock.advanceSync(100);
    expect(log).toEqual(['b refused 0', 'a served 10']);
  });

  it('hangs without workers, and goes on with them', () => {
    const { clock, server, log, ask } = serve();
    server.change({ workers: 0 });
    ask('a');
    clock.advanceSync(1_000);
    expect(log).toEqual([]);
    server.change({ workers: 1 });
    clock.advanceSync(10);
    expect(log).toEqual(['a served 1010']);
  });

  it('works for those who have gone, and says how often', () => {
    const { clock, server, log, ask } = serve();
    ask('a');
    ask('b', () => true);
    clock.advanceSync(20);
    expect(log).toEqual(['a served 10', 'b served 20']);
    expect(server.report()).toMatchObject({ wasted: 1, dropped: 0, workedMs: 20 });
  });

  it('or drops them when their turn comes', () => {
    const { clock, server, log, ask } = serve({ dropsLate: true });
    ask('a');
    ask('b', () => true);
    ask('c');
    clock.advanceSync(20);
    expect(log).toEqual(['b dropped 10', 'a served 10', 'c served 20']);
    expect(server.report()).toMatchObject({ wasted: 0, dropped: 1, workedMs: 20 });
  });

  it('fails the part of the services that it is told to, after their time', () => {
    const { clock, server, log, ask } = serve({ workers: 10_000 });
    server.change({ failRatio: 0.25 });
    for (let i = 0; i < 10_000; i++) ask('a');
    clock.advanceSync(10);
    const failed = log.filter(line => line === 'a failed 10').length;
    expect(failed / 10_000).toBeCloseTo(0.25, 1.5);
    expect(server.report()).toMatchObject({ failed, served: 10_000 - failed });
  });

  it('answers as the formula of Erlang does: 8 of 10 lines busy are a loss of 12 %', () => {
    const { clock, server } = serve({ workers: 10, serviceMs: exponential(100), queue: 0 });
    const ended = Promise.resolve();
    const arrive = (): Promise<void> => {
      server.accept(() => {});
      return ended;
    };
    poisson(80)({ clock, random: seededRandom(5), arrive });
    clock.advanceSync(2_000_000);
    const { refused, requests } = server.report();
    expect(refused / requests).toBeCloseTo(0.1217, 2);
    expect(optimalLimit(10, 0.8, 0.7)).toBe(10);
  });

  it('has a queue of the length that Little and Pollaczek say: M/M/1 at 80 % waits for 4 services', () => {
    const { clock, server } = serve({ serviceMs: exponential(10) });
    let [waitedMs, served] = [0, 0];
    const arrive = (): Promise<void> => {
      const since = clock.now();
      server.accept(() => {
        waitedMs += clock.now() - since;
        served++;
      });
      return Promise.resolve();
    };
    poisson(80)({ clock, random: seededRandom(9), arrive });
    clock.advanceSync(5_000_000);
    // 1 / (1 / 10 ms - 80 / s), service included.
    expect(waitedMs / served / 50).toBeCloseTo(1, 1);
  });
});

describe('a request', () => {
  it('is fulfilled with the name of who served it', async () => {
    const { clock, server } = serve({ name: 'left' });
    expect(await clock.runUntil(server.request())).toBe('left');
  });

  it('rejects at once when its signal aborts, and leaves no listener', async () => {
    const { clock, server } = serve();
    const controller = new AbortController();
    const asked = server.request({ signal: controller.signal }).catch((error: unknown) => error);
    controller.abort('enough');
    expect(await asked).toBe('enough');
    expect(await server.request({ signal: controller.signal }).catch((error: unknown) => error)).toBe(
      'enough',
    );
    await clock.advance(10);
    // The second never reached it; the first was worked on for nobody.
    expect(server.report()).toMatchObject({ requests: 1, served: 1, wasted: 1 });
  });

  it('is late when its deadline has passed', async () => {
    const { clock, server } = serve({ dropsLate: true });
    const first = server.request();
    const second = server.request({ deadline: 10 }).catch((error: unknown) => error);
    await clock.runUntil(first);
    expect(await second).toMatchObject({ fate: 'dropped', code: 'SERVER_DROPPED', server: 'server' });
  });

  it('tells of a refusal', async () => {
    const { server } = serve({ queue: 0 });
    void server.request();
    await expect(server.request()).rejects.toMatchObject({
      name: 'SimulatedServerError',
      code: 'SERVER_REFUSED',
      message: 'server: refused',
    });
  });
});

it.each<[string, Record<string, unknown>, string]>([
  ['workers', { workers: 0 }, '`workers` must be an integer >= 1 <= 100000, got 0'],
  ['serviceMs', { serviceMs: 10 }, '`serviceMs` must be a distribution, got 10'],
  ['queue', { queue: 1_000_001 }, '`queue` must be an integer >= 0 <= 1000000, got 1000001'],
  ['order', { order: 'random' }, "`order` must be 'fifo' or 'lifo', got \"random\""],
  ['dropsLate', { dropsLate: 1 }, '`dropsLate` must be true or false, got 1'],
  ['typo', { wrokers: 1 }, 'unknown option `wrokers`'],
])('options of a server are checked: %s', (_, wrong, message) => {
  expect(() => serve(wrong)).toThrow(`SimulatedServer: ${message}`);
});

it('a server needs a clock and chance', () => {
  const shape = { workers: 1, serviceMs: constant(1) };
  const clock = new VirtualClock();
  expect(() => new SimulatedServer({ ...shape, clock } as never)).toThrow('`random` must be a function');
  expect(() => new SimulatedServer({ ...shape, random: Math.random } as never)).toThrow(
    '`clock` must be a Clock',
  );
});

it.each([{ workers: -1 }, { slowness: -1 }, { failRatio: 1.1 }, { worker: 1 }])(
  'a change that makes no sense changes nothing: %o',
  wrong => {
    const { clock, server, log, ask } = serve();
    expect(() => server.change({ slowness: 5, ...wrong })).toThrow('SimulatedServer: ');
    ask('a');
    clock.advanceSync(100);
    expect(log).toEqual(['a served 10']);
  },
);
