import { expect, it } from 'vitest';
import { CacheEntry, type CachePhase } from '../../src/core/cache-entry.js';
import { type Flight, Flights } from '../../src/core/flights.js';
import { Sieve } from '../../src/core/sieve.js';
import { explore, type Liveness } from '../../src/testing/explore.js';

/** Spans in ticks: every order of the two graces, one left out, errors kept and not. */
interface Spans {
  readonly ttl: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly negative: number;
}

type Event = 'tick' | 'call' | 'answer' | 'fail' | 'set' | 'delete' | 'leave';

/** What the latest call or run was given. */
type Given =
  | { readonly phase: CachePhase; readonly age: number; readonly ok: boolean }
  | 'a run'
  | 'an old value'
  | 'the error'
  | undefined;

/** One key of a cache, with the clock it lives by: what is served, and what a run changes when it ends. */
class OneKey {
  readonly spans: Spans;
  readonly #sieve = new Sieve<CacheEntry>(1);
  readonly #flights = new Flights<Flight>(1);
  readonly #history: readonly Event[];
  /** Runs under way, those included that lost the key; and whether the entry may stand in for a failure. */
  readonly runs: Flight[] = [];
  now = 0;
  keptAt = 0;
  given: Given;
  overtaken = false;

  constructor(spans: Spans, history: readonly Event[] = []) {
    this.spans = spans;
    this.#history = history;
    for (const event of history) this.#apply(event);
  }

  get entry(): CacheEntry | undefined {
    return this.#sieve.peek('k');
  }

  /** The run that newcomers find. */
  get flight(): Flight | undefined {
    return this.#flights.get('k');
  }

  after(event: Event): OneKey {
    return new OneKey(this.spans, [...this.#history, event]);
  }

  #apply(event: Event): void {
    this.given = undefined;
    this.overtaken = false;
    if (event === 'tick') this.now++;
    else if (event === 'call') this.#call();
    else if (event === 'set') this.#overtake(() => this.#keep(true));
    else if (event === 'delete') this.#overtake(() => this.#sieve.delete('k'));
    else if (event === 'leave') this.#leave();
    else this.#end(event === 'answer');
  }

  #call(): void {
    const phase = this.entry?.phase(this.now) ?? 'gone';
    if (phase === 'fresh' || phase === 'stale') {
      this.given = { phase, age: this.now - this.keptAt, ok: this.entry!.ok };
    } else {
      this.given = 'a run';
      if (phase === 'gone') this.#sieve.delete('k');
    }
    if (phase === 'fresh') return;
    let run = this.flight;
    if (run === undefined) {
      run = { sharedKey: 'k', callers: 0, latest: 0 };
      this.#flights.start(run);
      this.runs.push(run);
    } else if (phase === 'stale') return;
    this.#flights.join(run, Infinity);
  }

  #end(ok: boolean): void {
    const run = this.runs.shift()!;
    const current = this.#flights.land(run);
    this.overtaken = !current;
    const standsIn = this.entry?.standsIn(this.now) ?? false;
    this.given = ok ? 'a run' : standsIn ? 'an old value' : 'the error';
    if (!current) return;
    if (ok) this.#keep(true);
    else if (!standsIn && this.spans.negative > 0) this.#keep(false);
  }

  #leave(): void {
    if (this.#flights.leave(this.runs[0]!)) this.runs.shift();
  }

  #overtake(change: () => void): void {
    this.#flights.detach('k');
    change();
  }

  #keep(ok: boolean): void {
    const span = ok ? this.spans.ttl : this.spans.negative;
    this.#sieve.add(new CacheEntry<unknown>('k', ok, this.now, this.now + span, this.spans));
    this.keptAt = this.now;
  }

  events(): Event[] {
    const events: Event[] = ['tick', 'set', 'delete'];
    const mayCall = this.flight === undefined ? this.runs.length < 2 : this.flight.callers < 2;
    if (mayCall) events.push('call');
    if (this.runs.length > 0) events.push('answer', 'fail', 'leave');
    return events;
  }

  /** An entry that is gone has no age any more. */
  key(): string {
    const { entry, now, runs, flight, given } = this;
    const alive = entry !== undefined && entry.phase(now) !== 'gone';
    const age = alive ? `${entry.ok} ${now - this.keptAt}` : entry === undefined ? '-' : 'gone';
    const line = runs.map(run => `${run.callers}${run === flight ? '*' : ''}`).join(' ');
    return `${age} [${line}] ${JSON.stringify(given)} ${this.overtaken}`;
  }
}

const fades: Liveness<OneKey, Event> = {
  name: 'what nobody renews is gone in the end',
  to: ({ entry, now }) => entry === undefined || entry.phase(now) === 'gone',
  by: event => event === 'tick',
};

function violation(before: OneKey, event: Event, after: OneKey): string | undefined {
  const { given, spans } = after;
  if (event === 'call' && typeof given === 'object') {
    const span = given.ok ? spans.ttl + spans.staleWhileRevalidateMs : spans.negative;
    if (given.age >= span) return 'served after its end';
    if (given.phase === 'stale' && !given.ok) return 'an error was served when it was stale';
    if (given.phase === 'stale' && after.flight === undefined) return 'nobody looks for a newer value';
    if (given.phase === 'fresh' && after.runs.length !== before.runs.length) return 'a hit began a run';
  }
  if (event === 'call' && given === 'a run' && after.flight === undefined) return 'waits for no run';
  if (given === 'an old value') {
    const grace = Math.max(spans.staleWhileRevalidateMs, spans.staleIfErrorMs);
    if (before.now - before.keptAt >= spans.ttl + grace) return 'a value stood in after its end';
  }
  if (
    event === 'fail' &&
    before.entry?.standsIn(before.now) &&
    after.entry !== undefined &&
    !after.entry.ok
  ) {
    return 'an error took the place of a good value';
  }
  const touched = after.entry !== undefined && after.keptAt === after.now && before.keptAt !== after.keptAt;
  if (after.overtaken && touched) return 'the answer of an overtaken run was kept';
  return undefined;
}

it.each<Spans>([
  { ttl: 2, staleWhileRevalidateMs: 2, staleIfErrorMs: 4, negative: 1 },
  { ttl: 2, staleWhileRevalidateMs: 3, staleIfErrorMs: 1, negative: 2 },
  { ttl: 1, staleWhileRevalidateMs: 0, staleIfErrorMs: 2, negative: 0 },
  { ttl: 2, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, negative: 0 },
])('a cache entry lives and ends as it should in every reachable state: %o', spans => {
  const graced = spans.staleIfErrorMs > spans.staleWhileRevalidateMs;
  const { states, transitions } = explore<OneKey, Event>({
    maxStates: 2000,
    initial: () => new OneKey(spans),
    events: one => one.events(),
    step: (one, event) => one.after(event),
    key: one => one.key(),
    always: one => {
      const up = one.runs.filter(run => run === one.flight);
      return one.flight !== undefined && up.length !== 1 ? 'a run is found that has ended' : undefined;
    },
    invariant: violation,
    goals: {
      'two runs at a time, one overtaken': ({ runs, flight }) => runs.length === 2 && flight !== undefined,
      ...(graced && {
        'an old value instead of an error': ({ given }: OneKey) => given === 'an old value',
      }),
      ...(spans.negative > 0 && { 'an error is kept': ({ entry }: OneKey) => entry?.ok === false }),
    },
    liveness: [fades],
  });
  console.info(`cache entry, ${JSON.stringify(spans)}: ${states} states, ${transitions} transitions`);
  expect(states).toBeGreaterThan(20);
});
