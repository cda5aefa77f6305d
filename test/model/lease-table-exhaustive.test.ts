import { expect, it } from 'vitest';
import { type LeaseRules, LeaseTable } from '../../src/core/lease-table.js';
import { explore } from '../../src/testing/explore.js';
import { NaiveLeases } from './naive-leases.js';

const TTL = 2;

const rules: LeaseRules = {
  preserveRatio: 0.5,
  preserveFrom: 2,
  preserveWindowMs: 2,
  preserveMs: 3,
  suspendMs: 3,
  tombstoneMs: 3,
  maxLeases: 2,
  maxTombstones: 10,
  maxChanges: 3,
};

type Event =
  | { readonly verb: 'register'; readonly id: string; readonly incarnation: number; readonly value: string }
  | { readonly verb: 'renew' | 'deregister'; readonly id: string; readonly incarnation: number }
  | { readonly wait: number };

const events: readonly Event[] = [
  ...[1, 2].flatMap(incarnation => [
    { verb: 'register', id: 'a', incarnation, value: 'x' } as const,
    { verb: 'renew', id: 'a', incarnation } as const,
    { verb: 'deregister', id: 'a', incarnation } as const,
  ]),
  { verb: 'register', id: 'a', incarnation: 1, value: 'y' },
  { verb: 'register', id: 'b', incarnation: 1, value: 'x' },
  { verb: 'renew', id: 'b', incarnation: 1 },
  { verb: 'deregister', id: 'b', incarnation: 1 },
  { verb: 'register', id: 'c', incarnation: 1, value: 'x' },
  { wait: 1 },
  // Longer than a process stands still without noticing it.
  { wait: 4 },
];

/** The real table beside the naive one; a copy is made by living through the same history again. */
class Pair {
  readonly rules: LeaseRules;
  readonly naive: NaiveLeases;
  readonly table: LeaseTable<string>;
  readonly history: readonly Event[];
  answer = '';
  /** What stood before the last event. */
  before: { readonly revision: number; readonly there: string; readonly size: number } = this.standing();

  constructor(given: LeaseRules, history: readonly Event[] = []) {
    this.rules = given;
    this.history = history;
    this.naive = new NaiveLeases(given, TTL);
    this.table = new LeaseTable(given, (one, other) => one === other, 0);
    for (const event of history) {
      this.before = this.standing();
      this.#apply(event);
    }
  }

  after(event: Event): Pair {
    return new Pair(this.rules, [...this.history, event]);
  }

  standing(): { revision: number; there: string; size: number } {
    const { table } = this;
    if (table === undefined) return { revision: 0, there: '', size: 0 };
    const there = [...table.leases('s')].map(
      ([id, { incarnation, value, preserved }]) => `${id}${incarnation}${value}${preserved ? '!' : ''}`,
    );
    return { revision: table.revision('s'), there: there.join(' '), size: table.size };
  }

  #apply(event: Event): void {
    const { naive, table } = this;
    if ('wait' in event) {
      naive.now += event.wait;
      naive.pass();
      table.pass(naive.now);
      this.answer = '';
    } else if (event.verb === 'register') {
      const { id, incarnation, value } = event;
      const order = { group: 's', id, incarnation, ttlMs: TTL, value };
      this.#agree(table.register(order, naive.now).kind, naive.register(id, incarnation, value));
    } else {
      const { verb, id, incarnation } = event;
      this.#agree(table[verb]('s', id, incarnation, naive.now), naive[verb](id, incarnation));
    }
    this.#compare();
  }

  #agree(answer: string, expected: string): void {
    if (answer !== expected) throw new Error(`answered ${answer}, not ${expected}`);
    this.answer = answer;
  }

  #compare(): void {
    const { naive } = this;
    const { revision, there } = this.standing();
    const expected = naive.entries.map(
      ({ id, incarnation, value, preserved }) => `${id}${incarnation}${value}${preserved ? '!' : ''}`,
    );
    if (there !== expected.join(' ')) throw new Error(`there are ${there}, not ${expected.join(' ')}`);
    if (revision !== naive.revision) throw new Error(`revision ${revision}, not ${naive.revision}`);
    const preserved = naive.entries.filter(entry => entry.preserved).length;
    if (this.table.preserved('s') !== preserved) throw new Error('the preserved ones are counted wrong');
    if (this.table.tombstones !== naive.stones.length) throw new Error('other tombstones');
    const next = Math.min(...naive.entries.map(({ lookAt }) => lookAt)) + naive.skipped;
    // It may look too early, never too late.
    if (this.table.earliest > next) throw new Error(`looks at ${this.table.earliest}, not ${next}`);
  }

  /** What matters from now on. */
  key(): string {
    const { naive } = this;
    const { time } = naive;
    const window = (at: number): number => Math.floor(at / this.rules.preserveWindowMs);
    const lately = [0, 1].map(ago => naive.gone.filter(at => window(time) - window(at) === ago).length);
    const entries = naive.entries.map(entry => {
      const { id, incarnation, value, endsAt, preserved, lookAt } = entry;
      return [id, incarnation, value, endsAt - time, preserved, lookAt - time].join();
    });
    const stones = naive.stones.map(({ id, incarnation, closed, until }) =>
      [id, incarnation, closed, until - time].join(),
    );
    return [entries.join(' '), stones.join(' '), lately, time % this.rules.preserveWindowMs].join(' | ');
  }
}

/** What no step may do. */
function objection(before: Pair, event: Event, after: Pair): string | undefined {
  const { naive, table } = after;
  const { revision, there } = after.standing();
  const was = before.standing();
  for (const lease of table.leases('s').values()) {
    if (lease.endsAt <= naive.time && !lease.preserved) return 'one is there whose lease has ended (RG1)';
  }
  if (revision - was.revision > 1) return 'more than one revision for what happened at one time (RG4)';
  if (revision > was.revision !== (there !== was.there)) return 'a revision for nothing, or none (RG4)';
  const touched = table.touched('s', was.revision);
  if (touched?.size === 0 && there !== was.there) return 'nobody is told what has changed (RG4)';
  if ('wait' in event) {
    const stoodStill = event.wait > after.rules.suspendMs;
    return stoodStill && there !== was.there ? 'it lost one while it stood still (RG7)' : undefined;
  }
  const { verb, id, incarnation } = event;
  if (verb !== 'deregister' && before.naive.isClosed(id, incarnation) && after.answer !== 'stale') {
    return 'one that was deregistered came back (RG3)';
  }
  const known = before.naive.find(id);
  if (verb === 'renew' && known?.incarnation === incarnation && there !== was.there && !known.preserved) {
    return 'a heartbeat in time changed something (RG2)';
  }
  return undefined;
}

it.each([
  ['with self-preservation', rules],
  ['without it', { ...rules, preserveRatio: 1 }],
] as const)('leases %s agree with naive ones, and keep their promises, in every state', (_, given) => {
  const isKept = given.preserveRatio < 1;
  const answers = new Set<string>();
  const { states, transitions } = explore<Pair, Event>({
    initial: () => new Pair(given),
    events: () => events,
    step: (pair, event) => pair.after(event),
    key: pair => pair.key(),
    invariant: (before, event, after) => {
      answers.add(after.answer);
      return objection(before, event, after);
    },
    liveness: [
      {
        name: 'what nobody renews goes',
        to: ({ naive }) => naive.entries.length === 0,
        by: event => 'wait' in event && event.wait === 1,
        paths: 'every',
      },
    ],
    goals: {
      'two are there': ({ naive }) => naive.entries.length === 2,
      'one has gone by the end of its lease': ({ naive }) => naive.stones.some(({ closed }) => !closed),
      'one was deregistered': ({ naive }) => naive.stones.some(({ closed }) => closed),
      'one is preserved': ({ naive }) => !isKept || naive.entries.some(({ preserved }) => preserved),
      'all are preserved': ({ naive }) =>
        !isKept || (naive.entries.length === 2 && naive.entries.every(({ preserved }) => preserved)),
    },
  });
  console.log(`leases, preserve above ${given.preserveRatio}: ${states} states, ${transitions} transitions`);
  expect(states).toBeGreaterThan(1_000);
  const all = ['', 'added', 'changed', 'full', 'removed', 'renewed', 'stale', 'unknown'];
  expect([...answers].sort()).toEqual(all);
});
