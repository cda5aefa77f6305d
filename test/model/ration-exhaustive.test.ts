import { expect, it } from 'vitest';
import type { Allowance, RateRule } from '../../src/core/allowance.js';
import { Bucket } from '../../src/core/bucket.js';
import { type Claim, Ration } from '../../src/core/ration.js';
import { SlidingWindow } from '../../src/core/sliding-window.js';
import { explore } from '../../src/testing/explore.js';

interface Bounds {
  readonly kind: 'bucket' | 'window';
  readonly rule: RateRule;
  readonly places: number;
  readonly costs: readonly number[];
}

type Event =
  | { readonly arrive: number }
  | { readonly roughly: number }
  | { readonly leave: number }
  | 'serve'
  | 'tick';

/** What passed, by whole milliseconds, and everything worked out anew from that. */
class Log {
  readonly passed: (readonly [at: number, cost: number])[] = [];

  readonly bounds: Bounds;

  constructor(bounds: Bounds) {
    this.bounds = bounds;
  }

  /** Units that may pass at `now`: for a bucket in ticks of a token / perMs. */
  free(now: number): number {
    const { kind, rule } = this.bounds;
    if (kind === 'window') {
      const inside = this.passed.filter(([at]) => at + rule.perMs > now);
      return rule.limit - inside.reduce((sum, [, cost]) => sum + cost, 0);
    }
    let level = rule.burst * rule.perMs;
    let last = 0;
    for (const [at, cost] of [...this.passed, [now, 0] as const]) {
      level = Math.min(rule.burst * rule.perMs, level + (at - last) * rule.limit) - cost * rule.perMs;
      last = at;
    }
    return level / rule.perMs;
  }

  fits(cost: number, now: number): boolean {
    return cost <= this.free(now);
  }
}

/** A ration beside its log. It cannot be cloned: a copy lives through the same events again. */
class Pair {
  readonly #ration: Ration<Claim>;
  readonly log: Log;
  readonly line: Claim[] = [];
  now = 0;
  served = 0;

  readonly bounds: Bounds;
  readonly history: readonly Event[];

  constructor(bounds: Bounds, history: readonly Event[] = []) {
    this.bounds = bounds;
    this.history = history;
    const { kind, rule, places } = bounds;
    const allowance: Allowance = kind === 'bucket' ? new Bucket(rule, 0) : new SlidingWindow(rule);
    this.#ration = new Ration(allowance, places);
    this.log = new Log(bounds);
    for (const event of history) this.#apply(event);
  }

  after(event: Event): Pair {
    return new Pair(this.bounds, [...this.history, event]);
  }

  get isDue(): boolean {
    return this.#ration.firstDueAt(this.now) <= this.now;
  }

  #apply(event: Event): void {
    if (event === 'tick') this.now++;
    else if (event === 'serve') this.#serve();
    else if ('leave' in event) this.#leave(event.leave);
    else if ('roughly' in event) this.#takeRoughly(event.roughly);
    else this.#arrive(event.arrive);
    this.#compare();
  }

  #arrive(cost: number): void {
    const expected = cost === 0 || (this.line.length === 0 && this.log.fits(cost, this.now));
    if (this.#ration.take(cost, this.now) !== expected) throw new Error(`${cost} should pass: ${expected}`);
    if (expected && cost > 0) this.log.passed.push([this.now, cost]);
    else if (!expected && !this.#ration.isFull) {
      const claim = { cost, rank: 0, previous: undefined, next: undefined };
      const due = this.#ration.dueAt(cost, this.now);
      if (Math.abs(due - this.#expectedDue([...this.line, claim])) > 1e-9)
        throw new Error(`wrong time ${due}`);
      this.#ration.join(claim);
      this.line.push(claim);
    }
  }

  /** What is rough may refuse what is allowed, never the other way round. */
  #takeRoughly(cost: number): void {
    if (!this.#ration.takeRoughly(cost, this.now)) return;
    if (this.line.length > 0 || !this.log.fits(cost, this.now)) throw new Error(`${cost} should not pass`);
    this.log.passed.push([this.now, cost]);
  }

  /** By trying every moment that it can be: the times lie on a grid of 1 / limit ms. */
  #expectedDue(line: readonly Claim[]): number {
    const { rule } = this.bounds;
    const trial = new Log(this.bounds);
    trial.passed.push(...this.log.passed);
    let step = this.now * rule.limit;
    for (const { cost } of line) {
      while (cost > trial.free(step / rule.limit) + 1e-9) step++;
      trial.passed.push([step / rule.limit, cost]);
    }
    return step / rule.limit;
  }

  #leave(place: number): void {
    const [claim] = this.line.splice(place, 1);
    if (!this.#ration.leave(claim!) || this.#ration.leave(claim!)) throw new Error('left never, or twice');
  }

  #serve(): void {
    const claim = this.line.shift();
    if (this.#ration.first !== claim) throw new Error('out of order');
    if (!this.log.fits(claim!.cost, this.now)) throw new Error('served too early');
    this.#ration.serve(claim!, this.now);
    this.log.passed.push([this.now, claim!.cost]);
    this.served++;
  }

  #compare(): void {
    const ration = this.#ration;
    const { line, now, log } = this;
    if (ration.waiting !== line.length) throw new Error('somebody is missing');
    if (ration.available(now) !== Math.floor(log.free(now) + 1e-9)) throw new Error('wrong count of tokens');
    const due = ration.firstDueAt(now);
    const expected = line.length === 0 ? Infinity : this.#expectedDue(line.slice(0, 1));
    if (due !== expected && Math.abs(due - expected) > 1e-9)
      throw new Error(`first due ${due}, not ${expected}`);
    const rested = log.free(now) === this.bounds.rule.burst && line.length === 0;
    if (ration.restsAt <= now !== rested) throw new Error(`at rest: ${!rested}`);
  }

  events(): Event[] {
    const events: Event[] = this.bounds.costs.map(cost => ({ arrive: cost }));
    if (this.bounds.kind === 'bucket') events.push({ roughly: 1 });
    for (let place = 0; place < this.line.length; place++) events.push({ leave: place });
    if (this.isDue) events.push('serve');
    events.push('tick');
    return events;
  }

  key(): string {
    const { rule, kind } = this.bounds;
    const recent = this.log.passed.filter(([at]) => at + rule.perMs > this.now);
    const window = recent.map(([at, cost]) => `${this.now - at}x${cost}`).join();
    const taken = kind === 'window' ? window : this.log.free(this.now).toFixed(6);
    return `${taken} ${this.line.map(({ cost }) => cost)}`;
  }
}

it.each<Bounds>([
  { kind: 'bucket', rule: { limit: 2, perMs: 3, burst: 2 }, places: 3, costs: [0, 1, 2] },
  { kind: 'bucket', rule: { limit: 3, perMs: 7, burst: 5 }, places: 3, costs: [1, 2, 5] },
  { kind: 'window', rule: { limit: 2, perMs: 3, burst: 2 }, places: 3, costs: [0, 1, 2] },
  { kind: 'window', rule: { limit: 4, perMs: 3, burst: 4 }, places: 2, costs: [1, 3] },
])('a ration behaves in every reachable state: $kind $rule', bounds => {
  const { rule, places } = bounds;
  const { states, transitions } = explore<Pair, Event>({
    initial: () => new Pair(bounds),
    events: pair => pair.events(),
    step: (pair, event) => pair.after(event),
    key: pair => pair.key(),
    always: ({ log, now }) => (log.free(now) < 0 ? 'more passed than may (RL1, RL8)' : undefined),
    goals: {
      'a full line': ({ line }) => line.length === places,
      'somebody late': pair => pair.isDue && pair.line.length > 1,
      'nothing left': ({ log, now }) => log.free(now) === 0,
    },
    liveness: [
      {
        name: 'everybody who stays is served (RL2)',
        to: ({ line }) => line.length === 0,
        by: event => event === 'tick' || event === 'serve',
      },
      {
        name: 'it comes to rest',
        to: ({ log, now, line }) => line.length === 0 && log.free(now) === rule.burst,
        by: event => event === 'tick' || event === 'serve',
        paths: 'some',
      },
    ],
  });
  console.info(
    `ration, ${bounds.kind} of ${rule.limit}: ${states} states, ${transitions} transitions, to a fixpoint`,
  );
  expect(states).toBeGreaterThan(20);
});
