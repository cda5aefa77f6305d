import { expect, it } from 'vitest';
import { type Flight, Flights } from '../../src/core/flights.js';
import { explore, type Liveness } from '../../src/testing/explore.js';

const names = ['a', 'b', 'c'] as const;
const deadlines = [1, 2, Infinity] as const;
const MAX_CALLERS = 2;
const MAX_RUNS = 3;

type Event =
  | { readonly call: string; readonly deadline: number }
  | { readonly leave: number }
  | { readonly land: number }
  | { readonly detach: string }
  | 'detach all';

/** A run as the naive book-keeper sees it: the deadlines of those who wait, and of all who ever did. */
interface NaiveRun {
  readonly flight: Flight;
  readonly key: string;
  waiting: number;
  latest: number;
  up: boolean;
  over: boolean;
  aborted: boolean;
}

/** The real board, driven beside a list of all runs that there ever were. */
class Pair {
  readonly maxKeys: number;
  readonly flights: Flights<Flight>;
  readonly runs: NaiveRun[] = [];
  readonly #history: readonly Event[];
  /** One more than there is room for. */
  readonly keys: readonly string[];
  alone = false;

  constructor(maxKeys: number, history: readonly Event[] = []) {
    this.maxKeys = maxKeys;
    this.keys = names.slice(0, maxKeys + 1);
    this.flights = new Flights(maxKeys);
    this.#history = history;
    for (const event of history) this.#apply(event);
  }

  after(event: Event): Pair {
    return new Pair(this.maxKeys, [...this.#history, event]);
  }

  #apply(event: Event): void {
    this.alone = false;
    if (event === 'detach all') {
      this.flights.detachAll();
      for (const run of this.runs) run.up = false;
    } else if ('call' in event) this.#call(event.call, event.deadline);
    else if ('leave' in event) this.#leave(this.running()[event.leave]!);
    else if ('land' in event) this.#land(this.running()[event.land]!);
    else {
      this.flights.detach(event.detach);
      for (const run of this.runs) if (run.key === event.detach) run.up = false;
    }
    this.#compare();
  }

  #call(key: string, deadline: number): void {
    let run = this.runs.find(each => each.up && each.key === key);
    if (run?.flight !== this.flights.get(key)) throw new Error(`another run of ${key} was found`);
    if (run === undefined) {
      const full = this.runs.filter(each => each.up).length >= this.maxKeys;
      if (this.flights.isFull !== full) throw new Error('full, or not?');
      this.alone = full;
      if (full) return;
      const flight = { sharedKey: key, callers: 0, latest: 0 };
      this.flights.start(flight);
      run = { flight, key, waiting: 0, latest: 0, up: true, over: false, aborted: false };
      this.runs.push(run);
    }
    this.flights.join(run.flight, deadline);
    run.waiting++;
    run.latest = Math.max(run.latest, deadline);
  }

  #leave(run: NaiveRun): void {
    run.waiting--;
    const last = run.waiting === 0;
    if (this.flights.leave(run.flight) !== last)
      throw new Error(last ? 'not given up' : 'given up too early');
    if (last) {
      run.up = false;
      run.aborted = true;
      run.over = true;
    }
  }

  #land(run: NaiveRun): void {
    if (this.flights.land(run.flight) !== run.up) throw new Error('the answer may be kept, or not?');
    run.up = false;
    run.over = true;
  }

  #compare(): void {
    const up = this.runs.filter(each => each.up);
    if (this.flights.size !== up.length) throw new Error('the board and the list differ in size');
    for (const { flight, waiting, latest, up, over } of this.runs) {
      if (this.flights.has(flight) !== up) throw new Error('a run is up on one side only');
      if (!over && (flight.callers !== waiting || flight.latest !== latest))
        throw new Error('callers differ');
    }
  }

  running(): NaiveRun[] {
    return this.runs.filter(run => !run.over);
  }

  events(): Event[] {
    const running = this.running();
    const events: Event[] = [];
    for (const call of this.keys) {
      const run = running.find(each => each.up && each.key === call);
      if (run === undefined ? running.length >= MAX_RUNS : run.waiting >= MAX_CALLERS) continue;
      for (const deadline of deadlines) events.push({ call, deadline });
    }
    running.forEach((_, index) => {
      events.push({ leave: index }, { land: index });
    });
    for (const detach of this.keys) events.push({ detach });
    events.push('detach all');
    return events;
  }

  /** Runs that are over can never be met again. */
  key(): string {
    const runs = this.running().map(run => `${run.key}${run.up ? '' : '!'}${run.waiting}<${run.latest}`);
    return `${runs.join(' ')} ${this.alone}`;
  }
}

const ends: Liveness<Pair, Event> = {
  name: 'runs end when they land or their callers leave',
  to: ({ runs }) => runs.every(run => run.over),
  by: event => typeof event === 'object' && ('leave' in event || 'land' in event),
  paths: 'every',
};

it.each([1, 2])('runs are shared as they should be in every reachable state (%d keys at most)', maxKeys => {
  const { states, transitions } = explore<Pair, Event>({
    initial: () => new Pair(maxKeys),
    events: pair => pair.events(),
    step: (pair, event) => pair.after(event),
    key: pair => pair.key(),
    always: ({ runs, flights }) => {
      const up = runs.filter(run => run.up);
      if (new Set(up.map(run => run.key)).size !== up.length) return 'two runs of one key';
      if (flights.size > maxKeys) return 'more keys than there is room for';
      if (up.some(run => run.waiting === 0)) return 'a run that nobody waits for is still found';
      const running = runs.filter(run => !run.over);
      return running.some(run => run.latest === 0) ? 'a run without a deadline of anybody' : undefined;
    },
    invariant: (before, _event, after) => {
      const given = after.runs.filter(run => run.aborted && run.waiting > 0);
      if (given.length > 0) return 'a run was given up while somebody waited';
      return after.alone && before.flights.size < maxKeys ? 'ran alone while there was room' : undefined;
    },
    goals: {
      'a call alone for want of room': ({ alone }) => alone,
      'a run without its key beside its successor': pair =>
        pair.running().some(old => !old.up && pair.running().some(run => run.up && run.key === old.key)),
    },
    liveness: [ends],
  });
  console.info(`flights, ${maxKeys} keys: ${states} states, ${transitions} transitions, to a fixpoint`);
  expect(states).toBeGreaterThan(100);
});
