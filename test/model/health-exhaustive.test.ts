import { expect, it } from 'vitest';
import { HealthTable, type HealthTurn } from '../../src/core/health.js';
import { explore } from '../../src/testing/explore.js';

type Event =
  | readonly [what: 'begin' | 'time passes' | 'b goes' | 'b comes']
  | readonly ['ok' | 'fails', number];

const rules = {
  ...{ rise: 2, fall: 2, intervalMs: 2, unhealthyIntervalMs: 1, jitterRatio: 0 },
  ...{ maxConcurrent: 1, trusted: true },
};

/** What is known of a host by all that was heard of it, beside the machine. */
interface Naive {
  results: readonly boolean[];
  healthy: boolean;
  dueAt: number;
}

class Ward {
  readonly history: readonly Event[];
  readonly table: HealthTable;
  readonly hosts = new Map<string, Naive>();
  /** The checks that are under way, each with the host as it was when it began. */
  readonly open: { readonly turn: HealthTurn; readonly host: Naive }[] = [];
  /** The last one that has ended. */
  old: HealthTurn | undefined;
  now = 0;
  mistake: string | undefined;
  last = '';

  constructor(maxConcurrent: number, history: readonly Event[]) {
    this.history = history;
    this.table = new HealthTable({ ...rules, maxConcurrent });
    this.#update(['a', 'b']);
    for (const event of history) this.#apply(event, maxConcurrent);
  }

  #update(ids: readonly string[]): void {
    for (const id of this.hosts.keys()) if (!ids.includes(id)) this.hosts.delete(id);
    for (const id of ids) {
      if (!this.hosts.has(id)) this.hosts.set(id, { results: [], healthy: true, dueAt: this.now });
    }
    this.table.update(ids, this.now, () => 0);
  }

  #apply([what, at]: Event, maxConcurrent: number): void {
    this.last = '';
    if (what === 'time passes') this.now++;
    else if (what === 'b goes') this.#update(['a']);
    else if (what === 'b comes') this.#update(['a', 'b']);
    else if (what === 'begin') this.#begin(maxConcurrent);
    else if (at === -1) this.#repeat(what === 'ok');
    else this.#end(at!, what === 'ok');
  }

  #begin(maxConcurrent: number): void {
    const isBusy = (host: Naive): boolean => this.open.some(each => each.host === host);
    const free = [...this.hosts].filter(([, host]) => !isBusy(host) && host.dueAt <= this.now);
    const first = Math.min(...free.map(([, { dueAt }]) => dueAt));
    const may = free.filter(([, { dueAt }]) => dueAt === first).map(([id]) => id);
    const hasRoom = this.open.length < maxConcurrent;
    const turn = this.table.begin(this.now);
    if (turn === undefined) {
      if (hasRoom && may.length > 0) this.mistake = `nobody is checked, though it is time for ${may}`;
      return;
    }
    if (!hasRoom) this.mistake = 'too many are checked at once';
    if (!may.includes(turn.id)) this.mistake = `${turn.id} is checked, not ${may}`;
    else this.open.push({ turn, host: this.hosts.get(turn.id)! });
  }

  #end(at: number, ok: boolean): void {
    const [{ turn, host }] = this.open.splice(at, 1) as [Ward['open'][number]];
    let expected: string | undefined;
    if (this.hosts.get(turn.id) !== host) this.last = 'late';
    else {
      host.results = [...host.results, ok].slice(-2);
      const enough = host.results.length === 1 ? 1 : 2;
      const row = host.results.filter(result => result === ok).length;
      if (ok !== host.healthy && row === enough) {
        host.healthy = ok;
        expected = ok ? 'recovered' : 'failed';
      }
      host.dueAt = this.now + (host.healthy ? rules.intervalMs : rules.unhealthyIntervalMs);
    }
    this.old = turn;
    const change = this.table.end(turn, ok, this.now, 0)?.kind;
    if (change !== expected) this.mistake = `${turn.id} has ${change}, not ${expected}`;
  }

  #repeat(ok: boolean): void {
    this.last = 'twice';
    const change = this.table.end(this.old!, ok, this.now, 0);
    if (change !== undefined) this.mistake = `${change.id} has ${change.kind}, by a check that was over`;
  }

  key(): string {
    const hosts = [...this.hosts].map(([id, { results, healthy, dueAt }]) => {
      return `${id} ${results} ${healthy} ${Math.max(-2, dueAt - this.now)}`;
    });
    const open = this.open.map(({ turn, host }) => (this.hosts.get(turn.id) === host ? turn.id : 'gone'));
    return `${hosts} / ${open} / ${this.old?.id} / ${this.last}`;
  }
}

it.each([1, 2])('hosts are checked in time, and believed what so many checks say (%d at once)', most => {
  const { states, transitions } = explore<Ward, Event>({
    maxStates: 200_000,
    initial: () => new Ward(most, []),
    events: ward => [
      ['time passes'] as const,
      ['begin'] as const,
      [ward.hosts.has('b') ? 'b goes' : 'b comes'] as const,
      ...ward.open.flatMap((_, at) => [['ok', at] as const, ['fails', at] as const]),
      // It must say nothing any more.
      ...(ward.old === undefined ? [] : [['ok', -1] as const, ['fails', -1] as const]),
    ],
    step: (ward, event) => new Ward(most, [...ward.history, event]),
    key: ward => ward.key(),
    always: ({ mistake, table, hosts, open }) => {
      if (mistake !== undefined) return mistake;
      if (table.running !== open.length || open.length > most) return `${table.running} are checked at once`;
      for (const { id, healthy } of table.describe()) {
        if (hosts.get(id)?.healthy !== healthy) return `${id} is believed to be ${healthy}`;
      }
      return undefined;
    },
    goals: {
      'one has failed': ({ hosts }) => [...hosts.values()].some(({ healthy }) => !healthy),
      'a check says something twice': ({ last }) => last === 'twice',
      'a check comes late': ({ last }) => last === 'late',
      'as many are checked as may be': ({ open }) => open.length === most,
    },
  });
  console.info(`health, ${most} at once: ${states} states, ${transitions} transitions, to a fixpoint`);
  expect(states).toBeGreaterThan(50);
});
