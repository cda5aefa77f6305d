import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Slots } from '../../src/core/slots.js';
import { NaiveSlots, Numbered } from './naive-slots.js';

const levels = 3;
const ageMs = 10;
const limits = fc.integer({ min: 1, max: 4 });

interface Real {
  readonly slots: Slots<Numbered>;
  readonly waiters: Numbered[];
}

type Step = (model: NaiveSlots, real: Real) => void;

/** A step that ends by comparing all that can be seen. */
class Compared implements fc.Command<NaiveSlots, Real> {
  readonly #name: string;
  readonly #step: Step;
  readonly #check: (model: Readonly<NaiveSlots>) => boolean;

  constructor(name: string, step: Step, check: (model: Readonly<NaiveSlots>) => boolean = () => true) {
    this.#name = name;
    this.#step = step;
    this.#check = check;
  }

  check(model: Readonly<NaiveSlots>): boolean {
    return this.#check(model);
  }

  run(model: NaiveSlots, real: Real): void {
    this.#step(model, real);
    const { slots } = real;
    expect([slots.limit, slots.taken, slots.waiting]).toEqual([model.limit, model.taken, model.line.length]);
    expect(slots.isFull).toBe(model.line.length >= model.places);
    expect(model.started + model.refused + model.abandoned + slots.waiting).toBe(model.arrivals);
    expect(model.started - model.ended).toBe(slots.taken);
    expect(slots.waiting > 0 && slots.taken < slots.limit).toBe(false);
  }

  toString(): string {
    return this.#name;
  }
}

const arrive = (level: number): Compared =>
  new Compared(`arrive(${level})`, (model, { slots, waiters }) => {
    const wasFull = slots.isFull;
    const { id, starts, refused } = model.arrive(level);
    expect(slots.take()).toBe(starts);
    if (starts) return;
    if (wasFull) expect(slots.displace(level, model.now)?.item).toBe(refused === id ? undefined : refused);
    else expect(refused).toBeUndefined();
    if (refused === id) return;
    waiters[id] = new Numbered(id);
    slots.join(waiters[id], level, model.now);
  });

const leave = (pick: number): Compared =>
  new Compared(`leave(${pick})`, (model, { slots, waiters }) => {
    const waiter = waiters[pick % Math.max(model.arrivals, 1)];
    if (waiter !== undefined) expect(slots.leave(waiter)).toBe(model.leave(waiter.item));
  });

const serve: Step = (model, { slots }) => {
  let admitted: number | undefined;
  do {
    admitted = model.next();
    expect(slots.next()?.item).toBe(admitted);
  } while (admitted !== undefined);
};

const release = new Compared(
  'release',
  (model, real) => {
    model.release();
    real.slots.release();
    serve(model, real);
  },
  model => model.taken > 0,
);

const resize = (limit: number): Compared =>
  new Compared(`resize(${limit})`, (model, real) => {
    model.limit = limit;
    real.slots.resize(limit);
    serve(model, real);
  });

const tick = (ms: number): Compared =>
  new Compared(`tick(${ms})`, model => {
    model.now += ms;
  });

const commands = fc.commands(
  [
    fc.nat({ max: levels - 1 }).map(arrive),
    fc.nat({ max: levels - 1 }).map(arrive),
    fc.nat({ max: 99 }).map(leave),
    fc.constant(release),
    limits.map(resize),
    fc.constantFrom(1, 5, 10, 21).map(tick),
  ],
  { maxCommands: 100, size: '+1' },
);

it.each(['fifo', 'lifo', 'priority'] as const)('slots in %s order do what the naive model does', order => {
  fc.assert(
    fc.property(limits, fc.nat({ max: 5 }), commands, (limit, places, list) => {
      const slots = new Slots<Numbered>(limit, { places, order, levels, ageMs });
      const model = new NaiveSlots(order, limit, places, ageMs);
      fc.modelRun(() => ({ model, real: { slots, waiters: [] } }), list);
    }),
  );
});
