/**
 * Which hosts do so much worse than they should that they are to be given nothing for a while: after the
 * outlier detection of Envoy.
 *
 * A host is ejected at once after so many failures in a row, and at the end of an interval when its success
 * rate is far below that of the others, or too many of its requests failed. It comes back after
 * `baseEjectionMs` times how often it was ejected, up to `maxEjectionMs`; each interval that it lives through
 * takes one off that count. Never more than `maxEjectedRatio` of the hosts are ejected at a time: an ejection
 * that this forbids is told of as spared.
 *
 * Invariant: a success between two failures breaks the row, and what comes of requests to a host that is
 * ejected says nothing.
 */

/** How hosts are compared with each other, at the end of an interval. */
export interface OutlierComparison {
  /** How many hosts must have had enough requests, for there to be something to compare. */
  readonly minHosts: number;
  /** How many requests of the interval are enough. */
  readonly minRequests: number;
}

export interface OutlierRules {
  /** Ejects after so many failures in a row; `Infinity` never does. */
  readonly consecutiveFailures: number;
  /** Ejects whose success rate is below the mean by so many standard deviations; `Infinity` never does. */
  readonly deviations: number;
  /** Ejects of whom so large a part failed; above 1 never does. */
  readonly failureRatio: number;
  readonly comparison: OutlierComparison;
  readonly intervalMs: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  readonly maxEjectedRatio: number;
}

/** Why a host is an outlier. */
export type OutlierReason = 'consecutive failures' | 'success rate' | 'failure ratio';

/** What has become of a host. */
export type OutlierChange =
  | {
      readonly kind: 'ejected';
      readonly id: string;
      readonly because: OutlierReason;
      /** How long it will be given nothing, in ms. */
      readonly forMs: number;
      /** How often it has been ejected, of late. */
      readonly times: number;
    }
  | { readonly kind: 'readmitted'; readonly id: string; readonly afterMs: number }
  | { readonly kind: 'spared'; readonly id: string; readonly because: OutlierReason };

/** What is known of one host. */
export interface OutlierState {
  /** Its name. */
  readonly id: string;
  /** How often it has failed since its last success. */
  readonly row: number;
  /** How often it was ejected, less the intervals that it has lived through since. */
  readonly times: number;
  /** When it is given calls again, in ms; null for one that is not ejected. */
  readonly backInMs: number | null;
}

class OutlierHost {
  readonly id: string;
  /** Failures since the last success. */
  row = 0;
  succeeded = 0;
  failed = 0;
  /** How often it was ejected, less the intervals that it has lived through since. */
  times = 0;
  /** Since when it is ejected, `undefined` while it is not, and until when. */
  ejectedAt: number | undefined = undefined;
  dueAt = Infinity;
  /** Whether it was ejected in this interval. */
  wasOut = false;

  constructor(id: string) {
    this.id = id;
  }

  get requests(): number {
    return this.succeeded + this.failed;
  }

  forget(): void {
    this.row = 0;
    this.succeeded = 0;
    this.failed = 0;
  }
}

const none: readonly OutlierChange[] = [];

/** The hosts of one service. */
export class Outliers {
  readonly #rules: OutlierRules;
  #hosts: ReadonlyMap<string, OutlierHost> = new Map();
  #ejected = 0;
  #intervalEnds: number;
  /** When there is something to do, at the earliest. */
  #dueAt: number;

  constructor(rules: OutlierRules, now: number) {
    this.#rules = rules;
    this.#intervalEnds = now + rules.intervalMs;
    this.#dueAt = this.#intervalEnds;
  }

  /** How many are ejected now. */
  get ejected(): number {
    return this.#ejected;
  }

  /** Whether a host is ejected. */
  isEjected(id: string): boolean {
    return this.#hosts.get(id)?.ejectedAt !== undefined;
  }

  /** These are the hosts from now on. One that comes back after it was gone is as new. */
  update(ids: Iterable<string>): void {
    this.#hosts = new Map(Array.from(ids, id => [id, this.#hosts.get(id) ?? new OutlierHost(id)]));
    this.#ejected = [...this.#hosts.values()].filter(({ ejectedAt }) => ejectedAt !== undefined).length;
  }

  /** Records how a request to a host ended. Requests to one that is ejected or unknown say nothing. */
  record(id: string, ok: boolean, now: number): OutlierChange | undefined {
    const host = this.#hosts.get(id);
    if (host === undefined || host.ejectedAt !== undefined) return undefined;
    if (ok) {
      host.row = 0;
      host.succeeded++;
      return undefined;
    }
    host.row++;
    host.failed++;
    if (host.row < this.#rules.consecutiveFailures) return undefined;
    // Told of once for each row: one that is spared begins a new one.
    host.row = 0;
    return this.#eject(host, 'consecutive failures', now);
  }

  /** Does what time has brought about; to be called often, for it is nearly free when that is nothing. */
  sweep(now: number): readonly OutlierChange[] {
    if (now < this.#dueAt) return none;
    const changes: OutlierChange[] = [];
    for (const host of this.#hosts.values()) {
      if (now < host.dueAt) continue;
      changes.push({ kind: 'readmitted', id: host.id, afterMs: now - host.ejectedAt! });
      host.ejectedAt = undefined;
      host.dueAt = Infinity;
      this.#ejected--;
    }
    if (now >= this.#intervalEnds) {
      this.#compare(now, changes);
      this.#intervalEnds = now + this.#rules.intervalMs;
    }
    this.#reckon();
    return changes;
  }

  /** What is known of the hosts, by their names. */
  describe(now: number): readonly OutlierState[] {
    return [...this.#hosts.values()].map(({ id, row, times, ejectedAt, dueAt }) => ({
      id,
      row,
      times,
      backInMs: ejectedAt === undefined ? null : Math.max(0, dueAt - now),
    }));
  }

  /** The end of an interval. */
  #compare(now: number, changes: OutlierChange[]): void {
    const { comparison, deviations, failureRatio } = this.#rules;
    // Who is ejected has had no request since.
    const known = [...this.#hosts.values()].filter(({ requests }) => requests >= comparison.minRequests);
    if (known.length >= comparison.minHosts) {
      const rates = known.map(({ succeeded, requests }) => succeeded / requests);
      const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
      const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
      // No number where all are the same and no deviation is too much: then no rate is below it.
      const least = mean - deviations * Math.sqrt(variance);
      known.forEach((host, at) => {
        if (rates[at]! < least) changes.push(this.#eject(host, 'success rate', now));
        else if (host.failed / host.requests >= failureRatio) {
          changes.push(this.#eject(host, 'failure ratio', now));
        }
      });
    }
    for (const host of this.#hosts.values()) {
      host.succeeded = 0;
      host.failed = 0;
      if (host.ejectedAt !== undefined) continue;
      // An interval in which it was out for a while is not one that it has lived through.
      if (!host.wasOut && host.times > 0) host.times--;
      host.wasOut = false;
    }
  }

  #eject(host: OutlierHost, because: OutlierReason, now: number): OutlierChange {
    const { maxEjectedRatio, baseEjectionMs, maxEjectionMs } = this.#rules;
    const { id } = host;
    if (this.#ejected + 1 > maxEjectedRatio * this.#hosts.size) return { kind: 'spared', id, because };
    // A count that grew past the longest time would take as long to shrink.
    if (host.times * baseEjectionMs < maxEjectionMs) host.times++;
    const forMs = Math.min(host.times * baseEjectionMs, maxEjectionMs);
    host.ejectedAt = now;
    host.dueAt = now + forMs;
    host.wasOut = true;
    host.forget();
    this.#ejected++;
    this.#dueAt = Math.min(this.#dueAt, host.dueAt);
    return { kind: 'ejected', id, because, forMs, times: host.times };
  }

  #reckon(): void {
    this.#dueAt = this.#intervalEnds;
    for (const { dueAt } of this.#hosts.values()) this.#dueAt = Math.min(this.#dueAt, dueAt);
  }
}
