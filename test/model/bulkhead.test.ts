import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Bulkhead } from '../../src/resilience/bulkhead.js';
import { settle } from '../../src/testing/settle.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { Gate } from '../fixtures/gate.js';
import { NaiveSlots } from './naive-slots.js';

const levels = 3;
const ageMs = 10;
const queueTimeoutMs = 25;

interface Call {
  readonly name: string;
  readonly until: number;
  readonly limit: 'ERR_QUEUE_TIMEOUT' | 'ERR_DEADLINE';
  readonly caller: AbortController;
  outcome: unknown;
}

/** The bulkhead under test, what ought to happen, and the log of what did. */
class World {
  readonly clock = new VirtualClock();
  readonly gate = new Gate();
  readonly bulkhead: Bulkhead;
  readonly naive: NaiveSlots;
  readonly calls: Call[] = [];
  readonly expected: string[] = [];
  readonly outcomes: unknown[] = [];

  constructor(naive: NaiveSlots) {
    this.naive = naive;
    const { order, limit: slots, places: queue } = naive;
    this.bulkhead = new Bulkhead({ slots, queue, order, levels, ageMs, queueTimeoutMs, clock: this.clock });
  }

  arrive(level: number, timeoutMs: number): void {
    const now = this.naive.now;
    const { id, starts, refused } = this.naive.arrive(level);
    const name = String(id);
    const caller = new AbortController();
    const limit = timeoutMs <= queueTimeoutMs ? 'ERR_DEADLINE' : 'ERR_QUEUE_TIMEOUT';
    const until = now + Math.min(timeoutMs, queueTimeoutMs);
    const call: Call = { name, until, limit, caller, outcome: undefined };
    this.calls.push(call);
    if (starts) this.expected.push(name);
    if (refused !== undefined) this.outcomes[refused] = 'ERR_BULKHEAD_FULL';
    const options = { signal: caller.signal, priority: 1 - level, timeoutMs };
    this.bulkhead.execute(this.gate.operation(name), options).then(
      value => {
        call.outcome = value;
      },
      error => {
        call.outcome = (error as { code?: string }).code ?? error;
      },
    );
  }

  serve(): void {
    for (let id = this.naive.next(); id !== undefined; id = this.naive.next()) this.expected.push(String(id));
  }

  abort(pick: number): void {
    const id = pick % Math.max(this.calls.length, 1);
    this.calls[id]?.caller.abort(`abort ${id}`);
    if (this.naive.line.some(arrival => arrival.id === id)) {
      this.naive.leave(id);
      this.outcomes[id] = `abort ${id}`;
    }
  }

  end(pick: number, fails: boolean): void {
    const { open } = this.gate;
    const name = open[pick % Math.max(open.length, 1)];
    if (name === undefined) return;
    if (fails) this.gate.fail(name, 'failed');
    else this.gate.end(name);
    this.outcomes[Number(name)] = fails ? 'failed' : name;
    this.naive.release();
    this.serve();
  }

  resize(slots: number): void {
    this.bulkhead.resize(slots);
    this.naive.limit = slots;
    this.serve();
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    this.naive.now += ms;
    for (const { id } of this.naive.line) {
      const { until, limit } = this.calls[id]!;
      if (until > this.naive.now) continue;
      this.naive.leave(id);
      this.outcomes[id] = limit;
    }
  }

  async compare(): Promise<void> {
    const { limit, taken, line } = this.naive;
    expect(this.gate.started).toEqual(this.expected);
    expect(this.gate.running).toBe(taken);
    expect(this.bulkhead.snapshot()).toMatchObject({ slots: limit, taken, waiting: line.length });
    await settle();
    expect(this.calls.map(({ outcome }) => outcome)).toEqual(this.calls.map((_, id) => this.outcomes[id]));
    expect(this.clock.timers).toBeLessThanOrEqual(1);
    if (line.length === 0) expect(this.clock.timers).toBe(0);
  }
}

type Act = (world: World) => void | Promise<void>;

const act = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat({ max: 2 }), fc.constantFrom(7, 20, 40, Infinity)).map(arriveWith),
  },
  { weight: 2, arbitrary: fc.tuple(fc.nat({ max: 9 }), fc.boolean()).map(endWith) },
  {
    weight: 1,
    arbitrary: fc.nat({ max: 60 }).map(
      (pick): Act =>
        world =>
          world.abort(pick),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 4 }).map(
      (slots): Act =>
        world =>
          world.resize(slots),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1, 5, 13).map(
      (ms): Act =>
        world =>
          world.pass(ms),
    ),
  },
);

function arriveWith([level, timeoutMs]: [number, number]): Act {
  return world => world.arrive(level, timeoutMs);
}

function endWith([pick, fails]: [number, boolean]): Act {
  return world => world.end(pick, fails);
}

it.each(['fifo', 'lifo', 'priority'] as const)(
  'a bulkhead in %s order does what the naive model does',
  async order => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat({ max: 4 }));
    const acts = fc.array(act, { maxLength: 60, size: '+1' });
    await fc.assert(
      fc.asyncProperty(sizes, acts, async ([slots, places], list) => {
        const world = new World(new NaiveSlots(order, slots, places, ageMs));
        for (const step of list) {
          await step(world);
          // Whoever is to start has started in the turn in which its slot came free.
          await settle();
          await world.compare();
        }
      }),
    );
  },
);
