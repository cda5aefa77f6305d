import { expect, it } from 'vitest';
import { Slots } from '../../src/core/slots.js';
import type { WaitOrder } from '../../src/core/wait-line.js';
import { explore, type Liveness } from '../../src/testing/explore.js';
import { NaiveSlots, Numbered } from './naive-slots.js';

/** Small numbers that allow every situation: several free at once, several over the limit, all levels. */
interface Bounds {
  readonly order: WaitOrder;
  readonly limits: readonly number[];
  readonly places: number;
  readonly levels: number;
  readonly ageMs: number;
  /** How many events back two histories must agree to count as one state: what nobody should remember. */
  readonly memory: number;
}

type Event =
  | { readonly arrive: number }
  | { readonly leave: number }
  | { readonly resize: number }
  | 'release'
  | 'next'
  | 'tick'
  /** One call ends, whoever is next is admitted, an urgent call comes, time passes. */
  | 'flood';

/**
 * The real slots beside the naive ones. Slots cannot be cloned, so a copy is made by living through the same
 * history again: what is checked is always a machine that got where it is by its own steps.
 */
class Pair {
  readonly #bounds: Bounds;
  readonly #slots: Slots<Numbered>;
  readonly #waiters: Numbered[] = [];
  readonly naive: NaiveSlots;
  readonly #history: readonly Event[];
  /** Before the last `next` after a slot came free: there alone may somebody wait for a free slot. */
  settling = false;
  displaced = false;

  constructor(bounds: Bounds, history: readonly Event[] = []) {
    const { order, limits, places, ageMs } = bounds;
    this.#bounds = bounds;
    this.#slots = new Slots(limits[0]!, bounds);
    this.naive = new NaiveSlots(order, limits[0]!, places, ageMs);
    this.#history = history;
    for (const event of history) this.#apply(event);
  }

  after(event: Event): Pair {
    return new Pair(this.#bounds, [...this.#history, event]);
  }

  #apply(event: Event): void {
    this.displaced = false;
    if (event === 'release') this.#release();
    else if (event === 'next') this.#next();
    else if (event === 'tick') this.naive.now++;
    else if (event === 'flood') {
      this.#release();
      this.#next();
      this.#arrive(0);
      this.naive.now++;
    } else if ('arrive' in event) this.#arrive(event.arrive);
    else if ('leave' in event) this.#leave(event.leave);
    else this.#resize(event.resize);
    this.#compare();
  }

  #arrive(level: number): void {
    const full = this.#slots.isFull;
    const { id, starts, refused } = this.naive.arrive(level);
    if (this.#slots.take() !== starts) throw new Error(`call ${id} should ${starts ? '' : 'not '}start`);
    if (starts) return;
    const gone = full ? this.#slots.displace(level, this.naive.now)?.item : undefined;
    if (gone !== (refused === id ? undefined : refused))
      throw new Error(`${gone} was displaced, not ${refused}`);
    this.displaced = gone !== undefined;
    if (refused === id) return;
    this.#waiters[id] = new Numbered(id);
    this.#slots.join(this.#waiters[id], level, this.naive.now);
  }

  #leave(turn: number): void {
    const { id } = this.naive.inOrder()[turn]!;
    this.naive.leave(id);
    const waiter = this.#waiters[id]!;
    if (!this.#slots.leave(waiter)) throw new Error(`${id} could not leave`);
    if (this.#slots.leave(waiter)) throw new Error(`${id} left twice`);
  }

  #release(): void {
    this.naive.release();
    this.#slots.release();
    this.settling = true;
  }

  #resize(limit: number): void {
    this.naive.limit = limit;
    this.#slots.resize(limit);
    this.settling = true;
  }

  #next(): void {
    const served = this.#slots.next();
    this.#expectServed(served, this.naive.next());
    if (served === undefined) this.settling = false;
  }

  #expectServed(served: Numbered | undefined, expected: number | undefined): void {
    if (served?.item !== expected) throw new Error(`served ${served?.item}, not ${expected}`);
    if (served !== undefined && this.#slots.leave(served))
      throw new Error(`${expected} left after it was served`);
  }

  #compare(): void {
    const { limit, taken, line, places } = this.naive;
    const slots = this.#slots;
    const same = slots.limit === limit && slots.taken === taken && slots.waiting === line.length;
    if (!same || slots.isFull !== line.length >= places)
      throw new Error('the slots and the naive slots differ');
  }

  events(): Event[] {
    const { naive } = this;
    const { levels, limits, order } = this.#bounds;
    const events: Event[] = Array.from({ length: levels }, (_, level) => ({ arrive: level }));
    for (let turn = 0; turn < naive.line.length; turn++) events.push({ leave: turn });
    for (const limit of limits) if (limit !== naive.limit) events.push({ resize: limit });
    if (naive.taken > 0) events.push('release');
    if (this.settling) events.push('next');
    if (order === 'priority') events.push('tick');
    if (order === 'priority' && naive.taken > 0) events.push('flood');
    return events;
  }

  /** Once a waiter outranks every possible newcomer, only its turn matters, no more its age. */
  key(): string {
    const { naive } = this;
    const age = (at: number, level: number): number => Math.min(naive.now - at, level * naive.ageMs);
    const aged = naive.order === 'priority';
    const line = naive.inOrder().map(({ at, level }) => (aged ? `${level}.${age(at, level)}` : 'w'));
    const { memory } = this.#bounds;
    const recent = memory === 0 ? '' : JSON.stringify(this.#history.slice(-memory));
    return `${naive.limit} ${naive.taken} ${this.settling} ${line.join(' ')} ${recent}`;
  }
}

function violation(before: Pair, event: Event, { naive, displaced }: Pair): string | undefined {
  const admitted = naive.started > before.naive.started;
  if (event !== 'flood' && admitted && before.naive.taken >= before.naive.limit)
    return 'admitted above the limit';
  if (event !== 'next' && event !== 'flood' && admitted && before.naive.line.length > 0) {
    return 'a newcomer was let in before those who wait';
  }
  return displaced && naive.order === 'fifo' ? 'a waiter was displaced from a plain queue' : undefined;
}

const drains: Liveness<Pair, Event> = {
  name: 'the line drains when calls end',
  to: ({ naive }) => naive.line.length === 0 && naive.taken === 0,
  by: event => event === 'release' || event === 'next',
  paths: 'every',
};

const nobodyStarves: Liveness<Pair, Event> = {
  name: 'nobody starves under a flood of urgent calls',
  // It is no flood while calls end to get below a lowered limit, or slots are still to be handed out.
  from: ({ naive, settling }) => naive.taken === naive.limit && !settling,
  to: ({ naive }) => naive.line.every(({ level }) => level === 0),
  by: event => event === 'flood',
};

it.each([
  { order: 'fifo', limits: [1, 2, 4], places: 5, levels: 1, ageMs: 1, memory: 3 },
  { order: 'lifo', limits: [1, 2, 4], places: 5, levels: 1, ageMs: 1, memory: 3 },
  { order: 'priority', limits: [1, 3], places: 3, levels: 3, ageMs: 2, memory: 0 },
] as const)('the slots behave in every reachable state ($order)', bounds => {
  let displacements = 0;
  const { states, transitions } = explore<Pair, Event>({
    initial: () => new Pair(bounds),
    events: pair => pair.events(),
    step: (pair, event) => pair.after(event),
    key: pair => pair.key(),
    always: ({ naive, settling }) => {
      if (naive.line.length > 0 && naive.taken < naive.limit && !settling)
        return 'somebody waits for a free slot';
      if (naive.line.length > bounds.places) return 'more wait than there are places';
      return naive.taken > Math.max(...bounds.limits) ? 'more slots taken than there ever were' : undefined;
    },
    invariant: (before, event, after) => {
      if (after.displaced) displacements++;
      return violation(before, event, after);
    },
    goals: {
      'a full line': ({ naive }) => naive.line.length === bounds.places,
      'above a lowered limit, somebody waiting': ({ naive }) =>
        naive.taken > naive.limit && naive.line.length > 0,
      'two to be admitted by one resize': ({ naive, settling }) =>
        settling && naive.line.length > 1 && naive.taken + 1 < naive.limit,
    },
    liveness: bounds.order === 'priority' ? [drains, nobodyStarves] : [drains],
  });
  console.info(`slots, ${bounds.order}: ${states} states, ${transitions} transitions, to a fixpoint`);
  expect(displacements > 0).toBe(bounds.order !== 'fifo');
});
