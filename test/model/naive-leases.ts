import type { LeaseRules } from '../../src/core/lease-table.js';

interface Entry {
  readonly id: string;
  incarnation: number;
  value: string;
  endsAt: number;
  preserved: boolean;
  /** When it is judged. */
  lookAt: number;
}

interface Stone {
  readonly id: string;
  readonly incarnation: number;
  readonly closed: boolean;
  readonly until: number;
}

/** One group of leases, kept as lists that are searched anew each time: nothing is counted or ordered. */
export class NaiveLeases {
  readonly rules: LeaseRules;
  readonly ttlMs: number;
  entries: Entry[] = [];
  stones: Stone[] = [];
  /** When each one went whose lease had ended. */
  gone: number[] = [];
  revision = 0;
  now = 0;
  skipped = 0;
  seen = 0;

  constructor(rules: LeaseRules, ttlMs: number) {
    this.rules = rules;
    this.ttlMs = ttlMs;
  }

  get time(): number {
    return this.now - this.skipped;
  }

  register(id: string, incarnation: number, value: string): string {
    this.pass();
    const entry = this.find(id);
    if (entry === undefined) {
      if (this.#isOver(id, incarnation)) return 'stale';
      if (this.entries.length >= this.rules.maxLeases) return 'full';
      this.stones = this.stones.filter(stone => stone.id !== id);
      const endsAt = this.time + this.ttlMs;
      this.entries.push({ id, incarnation, value, endsAt, preserved: false, lookAt: endsAt });
      this.revision++;
      return 'added';
    }
    const isSame = entry.incarnation === incarnation && entry.value === value;
    if (!isSame && incarnation <= entry.incarnation) return 'stale';
    const changes = !isSame || entry.preserved;
    Object.assign(entry, { incarnation, value });
    this.#hold(entry);
    if (changes) this.revision++;
    return isSame ? 'renewed' : 'changed';
  }

  renew(id: string, incarnation: number): string {
    this.pass();
    const entry = this.find(id);
    if (entry === undefined) return this.#isOver(id, incarnation) ? 'stale' : 'unknown';
    if (incarnation !== entry.incarnation) return incarnation < entry.incarnation ? 'stale' : 'unknown';
    if (entry.preserved) this.revision++;
    this.#hold(entry);
    return 'renewed';
  }

  deregister(id: string, incarnation: number): string {
    this.pass();
    const entry = this.find(id);
    if (entry !== undefined && entry.incarnation > incarnation) return 'stale';
    this.#bury(id, incarnation, true);
    if (entry === undefined) return 'unknown';
    this.entries = this.entries.filter(each => each !== entry);
    this.revision++;
    return 'removed';
  }

  pass(): void {
    const gap = this.now - this.seen;
    if (gap > this.rules.suspendMs && this.entries.length > 0) this.skipped += gap;
    this.seen = this.now;
    const { time, rules } = this;
    this.stones = this.stones.filter(stone => stone.until > time);
    const judged = this.entries.filter(({ endsAt, lookAt }) => endsAt <= time && lookAt <= time);
    if (judged.length === 0) return;
    const dead = this.entries.filter(entry => entry.preserved || judged.includes(entry)).length;
    const window = (at: number): number => Math.floor(at / rules.preserveWindowMs);
    const lately = this.gone.filter(at => window(time) - window(at) <= 1).length;
    const all = this.entries.length + lately;
    const doubted = all >= rules.preserveFrom && dead + lately > rules.preserveRatio * all;
    let changes = false;
    for (const entry of judged) {
      const last = entry.endsAt + rules.preserveMs;
      if (!doubted || time >= last) {
        this.entries = this.entries.filter(each => each !== entry);
        this.#bury(entry.id, entry.incarnation, false);
        this.gone.push(time);
        changes = true;
      } else {
        changes ||= !entry.preserved;
        entry.preserved = true;
        entry.lookAt = Math.min(time + rules.preserveWindowMs, last);
      }
    }
    if (changes) this.revision++;
  }

  find(id: string): Entry | undefined {
    return this.entries.find(entry => entry.id === id);
  }

  isClosed(id: string, incarnation: number): boolean {
    return this.stones.some(stone => stone.id === id && stone.closed && incarnation <= stone.incarnation);
  }

  #hold(entry: Entry): void {
    entry.endsAt = this.time + this.ttlMs;
    entry.preserved = false;
    entry.lookAt = entry.endsAt;
  }

  #bury(id: string, incarnation: number, closed: boolean): void {
    const known = this.stones.find(stone => stone.id === id);
    if (known !== undefined) {
      if (known.incarnation > incarnation) return;
      if (known.incarnation === incarnation && known.closed && !closed) return;
    }
    this.stones = this.stones.filter(stone => stone.id !== id);
    this.stones.push({ id, incarnation, closed, until: this.time + this.rules.tombstoneMs });
  }

  #isOver(id: string, incarnation: number): boolean {
    return this.stones.some(
      stone =>
        stone.id === id &&
        (incarnation < stone.incarnation || (incarnation === stone.incarnation && stone.closed)),
    );
  }
}
