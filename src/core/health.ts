import { type Due, DueHeap } from './due-heap.js';

/**
 * When hosts are asked how they are, and what is believed of them: whoever fails `fall` checks in a row is
 * not healthy, and is again after it has passed `rise` in a row. The first check of a host decides alone.
 *
 * Invariant: a host is asked by one check at a time, `maxConcurrent` are asked at once at the most, those
 * whose time came first first; and what a check says of a host that has gone meanwhile, or twice, says
 * nothing.
 */
export interface HealthRules {
  /** So many checks passed in a row make a host healthy. */
  readonly rise: number;
  /** So many failed in a row make it unhealthy. */
  readonly fall: number;
  /** From the end of a check to the next one, in ms; so much of it is left out by chance. */
  readonly intervalMs: number;
  /** The same while it is not healthy. */
  readonly unhealthyIntervalMs: number;
  readonly jitterRatio: number;
  readonly maxConcurrent: number;
  /** Whether a host is healthy before its first check. */
  readonly trusted: boolean;
}

/** What has become of a host. */
export interface HealthChange {
  readonly kind: 'failed' | 'recovered';
  readonly id: string;
}

/** What is known of one host. */
export interface HealthState {
  /** Its name. */
  readonly id: string;
  /** What is believed of it. */
  readonly healthy: boolean;
  /** Whether any check of it has ended. */
  readonly checked: boolean;
  /** How many checks in a row said something else than is believed. */
  readonly row: number;
}

class HealthHost {
  readonly id: string;
  healthy: boolean;
  checked = false;
  row = 0;
  /** When it is checked next; `undefined` while it is. */
  due: Due<HealthHost> | undefined = undefined;

  constructor(id: string, healthy: boolean) {
    this.id = id;
    this.healthy = healthy;
  }
}

/** A check that is under way. */
export class HealthTurn {
  readonly id: string;
  /** @internal */
  readonly host: HealthHost;
  /** @internal */
  over = false;

  constructor(host: HealthHost) {
    this.id = host.id;
    this.host = host;
  }
}

/** The hosts of one service. Chance is `0..1`, drawn anew for each time that hangs on it. */
export class HealthTable {
  readonly #rules: HealthRules;
  readonly #hosts = new Map<string, HealthHost>();
  readonly #heap = new DueHeap<HealthHost>();
  #running = 0;

  constructor(rules: HealthRules) {
    this.#rules = rules;
  }

  /** How many checks are under way. */
  get running(): number {
    return this.#running;
  }

  /** When `begin` has something to do; `Infinity` while as many checks are under way as may be. */
  get earliest(): number {
    return this.#running < this.#rules.maxConcurrent ? this.#heap.earliest : Infinity;
  }

  /** Whether a host is believed to be healthy; nobody knows better of one that is not there. */
  isHealthy(id: string): boolean {
    return this.#hosts.get(id)?.healthy ?? this.#rules.trusted;
  }

  /** These are the hosts from now on. One that comes back after it was gone is as new. */
  update(ids: Iterable<string>, now: number, chance: () => number): void {
    const { trusted, intervalMs, jitterRatio } = this.#rules;
    const there = new Set(ids);
    for (const [id, host] of this.#hosts) {
      if (there.has(id)) continue;
      if (host.due !== undefined) this.#heap.remove(host.due);
      this.#hosts.delete(id);
    }
    for (const id of there) {
      if (this.#hosts.has(id)) continue;
      const host = new HealthHost(id, trusted);
      this.#hosts.set(id, host);
      // Soon, and not all who hear of it at one time.
      host.due = this.#heap.add(host, now + intervalMs * jitterRatio * chance());
    }
  }

  /** The next check whose time has come, where there is room for one. */
  begin(now: number): HealthTurn | undefined {
    if (this.#running >= this.#rules.maxConcurrent) return undefined;
    const host = this.#heap.shift(now);
    if (host === undefined) return undefined;
    host.due = undefined;
    this.#running++;
    return new HealthTurn(host);
  }

  /** Says how a check has ended. */
  end(turn: HealthTurn, ok: boolean, now: number, chance: number): HealthChange | undefined {
    if (turn.over) return undefined;
    turn.over = true;
    this.#running--;
    const { host } = turn;
    if (this.#hosts.get(host.id) !== host) return undefined;
    const changed = this.#judge(host, ok);
    const { intervalMs, unhealthyIntervalMs, jitterRatio } = this.#rules;
    const waitMs = host.healthy ? intervalMs : unhealthyIntervalMs;
    host.due = this.#heap.add(host, now + waitMs * (1 - jitterRatio * chance));
    return changed ? { kind: ok ? 'recovered' : 'failed', id: host.id } : undefined;
  }

  /** What is known of the hosts, in the order of their coming. */
  describe(): readonly HealthState[] {
    return [...this.#hosts.values()].map(({ id, healthy, checked, row }) => ({ id, healthy, checked, row }));
  }

  /** Whether a result changes what is believed. */
  #judge(host: HealthHost, ok: boolean): boolean {
    const isFirst = !host.checked;
    host.checked = true;
    if (ok === host.healthy) {
      host.row = 0;
      return false;
    }
    host.row++;
    const enough = isFirst ? 1 : ok ? this.#rules.rise : this.#rules.fall;
    if (host.row < enough) return false;
    host.healthy = ok;
    host.row = 0;
    return true;
  }
}
