import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InMemoryEventLog } from '../../src/events/event-log.js';
import { Projection } from '../../src/events/projection.js';
import { InMemoryProjectionStore, type ProjectionStore } from '../../src/events/projection-store.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

class Crash extends Error {}

/** A store and a feed whose nth step crashes the process: before it happens, or after. */
class Crashing {
  readonly store = new InMemoryProjectionStore<readonly number[]>();
  readonly log = new InMemoryEventLog();
  steps = 0;
  crashAt = Number.POSITIVE_INFINITY;
  after = false;
  #dead = false;

  /** A process that starts. */
  restart(): void {
    this.#dead = false;
  }

  step<T>(work: () => T): T {
    // What is dead does nothing more, whoever still asks it to.
    if (this.#dead) throw new Crash();
    if (++this.steps === this.crashAt) {
      this.#dead = true;
      if (this.after) work();
      throw new Crash();
    }
    return work();
  }

  get port(): ProjectionStore<readonly number[]> {
    return {
      load: (name, version) => this.step(() => this.store.load(name, version)),
      save: (name, version, saved) => this.step(() => this.store.save(name, version, saved)),
      active: name => this.step(() => this.store.active(name)),
      activate: (name, version, instead) => this.step(() => this.store.activate(name, version, instead)),
    };
  }
}

interface Effect {
  readonly version: number;
  readonly n: number;
}

function projectionOf(crashing: Crashing, version: number, batch: number, effects: Effect[]) {
  return new Projection<{ add: number; bad: number }, readonly number[]>({
    name: 'list',
    version,
    init: () => [],
    on: {
      add: (list, n, { replaying }) => {
        crashing.step(() => {
          if (!replaying) effects.push({ version, n });
        });
        return [...list, n * version];
      },
      bad: () => {
        throw new Error('bad');
      },
    },
    onError: 'park',
    batch,
    feed: {
      read: (after, limit) => crashing.step(() => crashing.log.read(after, limit)),
    },
    store: crashing.port,
    clock: new VirtualClock(),
  });
}

/** Version 1 reads all, then version 2 does; more comes in between. Restarted until it is through. */
async function play(events: readonly boolean[], batch: number, crashAt: number, after: boolean) {
  const crashing = Object.assign(new Crashing(), { crashAt, after });
  const effects: Effect[] = [];
  const half = Math.ceil(events.length / 2);
  const append = (some: readonly boolean[], from: number) => {
    for (const [i, good] of some.entries()) crashing.log.append(good ? 'add' : 'bad', from + i);
  };
  const through = async (
    version: number,
  ): Promise<Projection<{ add: number; bad: number }, readonly number[]>> => {
    for (;;) {
      crashing.restart();
      const projection = projectionOf(crashing, version, batch, effects);
      try {
        await projection.catchUp();
        return projection;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  };
  append(events.slice(0, half), 1);
  await through(1);
  append(events.slice(half), half + 1);
  const last = await through(2);
  return { crashing, effects, last };
}

describe('a projection that crashes at any step', () => {
  const scene = fc.record({
    events: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
    batch: fc.integer({ min: 1, max: 3 }),
    after: fc.boolean(),
  });

  it('counts and parks every event once, forgets none, and tells no effect of a replay', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async ({ events, batch, after }) => {
        const calm = await play(events, batch, Number.POSITIVE_INFINITY, false);
        const good = events.flatMap((isGood, i) => (isGood ? [i + 1] : []));
        const bad = events.flatMap((isGood, i) => (isGood ? [] : [i + 1]));
        for (let at = 1; at <= calm.crashing.steps; at++) {
          const { crashing, effects, last } = await play(events, batch, at, after);
          const when = `step ${at} of ${calm.crashing.steps}`;
          expect(crashing.store.read('list'), when).toEqual(good.map(n => n * 2));
          expect(
            last.parked.map(({ position }) => position),
            when,
          ).toEqual(bad);
          expect(crashing.store.active('list'), when).toBe(2);
          // At least once; and more than once only for the batch that was under way.
          expect([...new Set(effects.map(({ n }) => n))].sort(), when).toEqual(good);
          expect(effects.length - good.length, when).toBeLessThanOrEqual(batch);
          const half = Math.ceil(events.length / 2);
          expect(
            effects.filter(({ version, n }) => version === 2 && n <= half),
            when,
          ).toEqual([]);
        }
      }),
      { numRuns: 25 },
    );
  });
});
