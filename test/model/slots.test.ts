import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Slots } from '../../src/core/slots.js';
import type { Waiter, WaitOrder } from '../../src/core/wait-line.js';

const levels = 3;
const ageMs = 10;
const limits = fc.integer({ min: 1, max: 4 });

interface Arrival {
  readonly id: number;
  readonly level: number;
  readonly at: number;
}

/** What ought to happen, by the plainest means: an array that is sorted each time somebody looks at it. */
class Model {
  line: Arrival[] = [];
  taken = 0;
  now = 0;
  arrivals = 0;
  started = 0;
  refused = 0;
  abandoned = 0;
  ended = 0;
  readonly order: WaitOrder;
  readonly places: number;
  limit: number;

  constructor(order: WaitOrder, limit: number, places: number) {
    this.order = order;
    this.limit = limit;
    this.places = places;
  }

  inOrder(line = this.line): Arrival[] {
    const rank = ({ at, level }: Arrival): number => at + level * ageMs;
    if (this.order === 'fifo') return [...line].sort((a, b) => a.id - b.id);
    if (this.order === 'lifo') return [...line].sort((a, b) => b.id - a.id);
    return [...line].sort((a, b) => rank(a) - rank(b) || a.id - b.id);
  }

  /** Whoever may start now, in order. */
  admit(): number[] {
    const ids: number[] = [];
    while (this.taken < this.limit && this.line.length > 0) {
      const first = this.inOrder()[0]!;
      this.remove(first.id);
      this.taken++;
      this.started++;
      ids.push(first.id);
    }
    return ids;
  }

  remove(id: number): boolean {
    const before = this.line.length;
    this.line = this.line.filter(arrival => arrival.id !== id);
    return this.line.length < before;
  }
}

interface Real {
  readonly slots: Slots<number>;
  readonly waiters: Waiter<number>[];
}

class Arrive implements fc.Command<Model, Real> {
  readonly level: number;
  constructor(level: number) {
    this.level = level;
  }
  check = (): boolean => true;
  run(model: Model, { slots, waiters }: Real): void {
    const newcomer = { id: model.arrivals++, level: this.level, at: model.now };
    if (model.taken < model.limit && model.line.length === 0) {
      model.taken++;
      model.started++;
      expect(slots.take()).toBe(true);
      return;
    }
    expect(slots.take()).toBe(false);
    const full = model.line.length >= model.places;
    expect(slots.isFull).toBe(full);
    if (full) {
      model.refused++;
      const worst = model.inOrder([...model.line, newcomer]).at(-1)!;
      const gone = slots.displace(this.level, model.now);
      expect(gone?.item).toBe(worst === newcomer ? undefined : worst.id);
      if (worst === newcomer) return;
      model.remove(worst.id);
    }
    model.line.push(newcomer);
    waiters[newcomer.id] = slots.join(newcomer.id, this.level, model.now);
  }
  toString = (): string => `arrive(${this.level})`;
}

class Leave implements fc.Command<Model, Real> {
  readonly pick: number;
  constructor(pick: number) {
    this.pick = pick;
  }
  check = (model: Readonly<Model>): boolean => model.arrivals > 0;
  run(model: Model, { slots, waiters }: Real): void {
    const waiter = waiters[this.pick % model.arrivals];
    if (waiter === undefined) return;
    const left = model.remove(waiter.item);
    if (left) model.abandoned++;
    expect(slots.leave(waiter)).toBe(left);
  }
  toString = (): string => `leave(${this.pick})`;
}

class Release implements fc.Command<Model, Real> {
  check = (model: Readonly<Model>): boolean => model.taken > 0;
  run(model: Model, { slots }: Real): void {
    model.taken--;
    model.ended++;
    expect(slots.release()?.item).toBe(model.admit()[0]);
  }
  toString = (): string => 'release';
}

class Resize implements fc.Command<Model, Real> {
  readonly limit: number;
  constructor(limit: number) {
    this.limit = limit;
  }
  check = (): boolean => true;
  run(model: Model, { slots }: Real): void {
    model.limit = this.limit;
    slots.resize(this.limit);
    const admitted: number[] = [];
    for (let waiter = slots.next(); waiter !== undefined; waiter = slots.next()) admitted.push(waiter.item);
    expect(admitted).toEqual(model.admit());
  }
  toString = (): string => `resize(${this.limit})`;
}

class Tick implements fc.Command<Model, Real> {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check = (): boolean => true;
  run(model: Model): void {
    model.now += this.ms;
  }
  toString = (): string => `tick(${this.ms})`;
}

/** Every command ends by comparing all that can be seen. */
class Compared implements fc.Command<Model, Real> {
  readonly command: fc.Command<Model, Real>;
  constructor(command: fc.Command<Model, Real>) {
    this.command = command;
  }
  check = (model: Readonly<Model>): boolean => this.command.check(model);
  run(model: Model, real: Real): void {
    this.command.run(model, real);
    const { slots } = real;
    expect([slots.limit, slots.taken, slots.waiting]).toEqual([model.limit, model.taken, model.line.length]);
    expect(model.started + model.refused + model.abandoned + model.line.length).toBe(model.arrivals);
    expect(model.started - model.ended).toBe(slots.taken);
    expect(slots.waiting > 0 && slots.taken < slots.limit).toBe(false);
  }
  toString = (): string => this.command.toString();
}

const commands = fc.commands(
  [
    fc.nat({ max: levels - 1 }).map(level => new Compared(new Arrive(level))),
    fc.nat({ max: levels - 1 }).map(level => new Compared(new Arrive(level))),
    fc.nat({ max: 99 }).map(pick => new Compared(new Leave(pick))),
    fc.constant(new Compared(new Release())),
    limits.map(limit => new Compared(new Resize(limit))),
    fc.constantFrom(1, 5, 10, 21).map(ms => new Compared(new Tick(ms))),
  ],
  { maxCommands: 100, size: '+1' },
);

it.each(['fifo', 'lifo', 'priority'] as const)('slots in %s order do what the naive model does', order => {
  fc.assert(
    fc.property(limits, fc.nat({ max: 5 }), commands, (limit, places, list) => {
      const slots = new Slots<number>(limit, { places, order, levels, ageMs });
      fc.modelRun(() => ({ model: new Model(order, limit, places), real: { slots, waiters: [] } }), list);
    }),
  );
});
