import { expect, it } from 'vitest';
import { type OutlierChange, Outliers } from '../../src/core/outlier.js';
import { explore } from '../../src/testing/explore.js';

type Event = readonly ['ok' | 'fails', string] | readonly ['time passes'];

const rules = {
  consecutiveFailures: 2,
  deviations: Infinity,
  failureRatio: Infinity,
  comparison: { minHosts: 1, minRequests: 1 },
  intervalMs: 4,
  baseEjectionMs: 2,
  maxEjectionMs: 5,
};
const STEP = 1;

/** What became of each host, told by the changes alone, beside the machine. */
class Town {
  readonly machine: Outliers;
  readonly ratio: number;
  readonly hosts: readonly string[];
  readonly history: readonly Event[];
  readonly out = new Map<string, { at: number; forMs: number }>();
  /** Those that were ejected in this interval. */
  readonly recent = new Set<string>();
  now = 0;
  last: readonly OutlierChange[] = [];
  mistake: string | undefined;

  constructor(hosts: readonly string[], ratio: number, history: readonly Event[]) {
    this.hosts = hosts;
    this.ratio = ratio;
    this.history = history;
    this.machine = new Outliers({ ...rules, maxEjectedRatio: ratio }, 0);
    this.machine.update(hosts);
    for (const event of history) this.#apply(event);
  }

  #apply(event: Event): void {
    if (event[0] === 'time passes') {
      this.now += STEP;
      this.last = this.machine.sweep(this.now);
      for (const change of this.last) this.#hear(change);
      if (this.now % rules.intervalMs === 0)
        for (const id of this.recent) if (!this.out.has(id)) this.recent.delete(id);
      return;
    } else {
      const change = this.machine.record(event[1], event[0] === 'ok', this.now);
      this.last = change === undefined ? [] : [change];
    }
    for (const change of this.last) this.#hear(change);
  }

  #hear(change: OutlierChange): void {
    const { id } = change;
    const out = this.out.get(id);
    if (change.kind === 'ejected') {
      if (out !== undefined) this.mistake = `${id} is ejected twice`;
      if (change.forMs !== Math.min(change.times * rules.baseEjectionMs, rules.maxEjectionMs))
        this.mistake = `${id} is out for ${change.forMs}`;
      this.recent.add(id);
      this.out.set(id, { at: this.now, forMs: change.forMs });
    } else if (change.kind === 'readmitted') {
      if (out === undefined) this.mistake = `${id} was not out`;
      else if (this.now - out.at !== out.forMs) this.mistake = `${id} was out for ${this.now - out.at}`;
      this.out.delete(id);
    } else if (this.out.size + 1 <= this.ratio * this.hosts.length) {
      this.mistake = `${id} is spared, though there is room`;
    }
  }

  key(): string {
    const hosts = this.machine
      .describe(this.now)
      .map(({ id, row, times, backInMs }) => `${row} ${times} ${backInMs} ${this.recent.has(id)}`);
    // What was asked in the interval has no say: nothing is compared here.
    return `${hosts} ${this.now % rules.intervalMs} ${this.last.some(({ kind }) => kind === 'spared')}`;
  }
}

it.each([
  [['a', 'b'], 0.5],
  [['a'], 0.5],
] as const)('outliers of %j, at most %d of them, are ejected and come back right (LB9)', (hosts, ratio) => {
  const { states, transitions } = explore<Town, Event>({
    maxStates: 60_000,
    initial: () => new Town(hosts, ratio, []),
    events: town => [
      ['time passes'] as const,
      ...town.hosts.flatMap(id => [['ok', id] as const, ['fails', id] as const]),
    ],
    step: (town, event) => new Town(hosts, ratio, [...town.history, event]),
    key: town => town.key(),
    always: ({ machine, out, mistake }) => {
      if (mistake !== undefined) return mistake;
      if (machine.ejected !== out.size) return `${machine.ejected} are ejected, not ${out.size}`;
      if (out.size > ratio * hosts.length) return `${out.size} are ejected at a time`;
      return hosts.every(id => machine.isEjected(id) === out.has(id)) ? undefined : 'the wrong ones are out';
    },
    goals:
      hosts.length === 1
        ? {}
        : {
            'one is out': ({ out }) => out.size > 0,
            'one is spared': ({ last }) => last.some(({ kind }) => kind === 'spared'),
            'one is out for longest': ({ machine }) => machine.describe(0).some(({ times }) => times === 3),
          },
    liveness: [
      {
        name: 'whoever is out comes back, and is forgiven',
        to: ({ machine, out }) => out.size === 0 && machine.describe(0).every(({ times }) => times === 0),
        by: ([what]) => what === 'time passes',
        paths: 'every',
      },
    ],
  });
  console.info(`outliers, ${hosts.length}: ${states} states, ${transitions} transitions, to a fixpoint`);
  expect(states).toBeGreaterThan(5);
});
