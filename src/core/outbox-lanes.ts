import type { Hold } from './outbox-holds.js';

/** What a lane needs to know of a message. */
export interface LaneRow {
  /** Where it stands among all: smaller ones go first. */
  readonly id: number;
  /** That of its key. */
  readonly bucket: number;
  /** What it is kept in order by. */
  readonly key: string;
  /** How many relays it has ended, as far as is known. */
  readonly crashes: number;
}

/** So many rests are remembered; then the oldest goes, whose key is tried the earlier for it. */
const MOST_RESTS = 10_000;

/** Messages of one key that are being published, one after the other. */
export interface Lane<Row extends LaneRow> {
  readonly key: string;
  readonly hold: Hold;
  readonly rows: readonly Row[];
}

/**
 * What a relay has open, by key. A key that is open or at rest is not read: what comes after it waits, so
 * that its order holds.
 */
export class OutboxLanes<Row extends LaneRow> {
  readonly #open = new Map<string, Lane<Row>>();
  /** Until when, and for which time in a row. */
  readonly #rests = new Map<string, { readonly until: number; readonly times: number }>();
  #size = 0;

  /** The messages that are open. */
  get size(): number {
    return this.#size;
  }

  /** The keys that are not to be read, and those only. */
  skip(now: number): string[] {
    const resting = [...this.#rests].filter(([, { until }]) => until > now).map(([key]) => key);
    return [...this.#open.keys(), ...resting];
  }

  /** The earliest time at which a rest ends after `now`; `Infinity` where none does. */
  earliest(now: number): number {
    let earliest = Infinity;
    for (const { until } of this.#rests.values()) if (until > now) earliest = Math.min(earliest, until);
    return earliest;
  }

  /** Opens a lane for each key of what was read, in the order of its messages. */
  enter(rows: readonly Row[], holdOf: (bucket: number) => Hold | undefined): Lane<Row>[] {
    const lanes = new Map<string, Lane<Row> & { readonly rows: Row[] }>();
    for (const row of rows) {
      const hold = holdOf(row.bucket);
      if (hold === undefined || this.#open.has(row.key)) continue;
      const lane = lanes.get(row.key) ?? { key: row.key, hold, rows: [] };
      lane.rows.push(row);
      lanes.set(row.key, lane);
    }
    for (const lane of lanes.values()) {
      this.#open.set(lane.key, lane);
      this.#size += lane.rows.length;
      lane.hold.open++;
    }
    return [...lanes.values()];
  }

  /** Nothing of it is open any more. */
  leave(lane: Lane<Row>): void {
    if (this.#open.get(lane.key) !== lane) return;
    this.#open.delete(lane.key);
    this.#size -= lane.rows.length;
    lane.hold.open--;
  }

  /** How often in a row a key has been sent to rest. */
  restsOf(key: string): number {
    return this.#rests.get(key)?.times ?? 0;
  }

  rest(key: string, until: number): void {
    const times = this.restsOf(key) + 1;
    this.#rests.delete(key);
    this.#rests.set(key, { until, times });
    if (this.#rests.size > MOST_RESTS) this.#rests.delete(this.#rests.keys().next().value!);
  }

  /** One of the key went through. */
  wake(key: string): void {
    this.#rests.delete(key);
  }
}

/** Those of what was read that may have ended a relay, in their order. */
export function suspectsAmong<Row extends LaneRow>(
  rows: readonly Row[],
  holdOf: (bucket: number) => Hold | undefined,
): Row[] {
  return rows.filter(
    ({ id, bucket, crashes }) => crashes > 0 || id <= (holdOf(bucket)?.suspectTo ?? -Infinity),
  );
}

/**
 * The buckets of which nothing is suspect any more, by what was read of them: all that there is, or `more`
 * that comes after it.
 */
export function clearedBy(rows: readonly LaneRow[], holds: readonly Hold[], more: boolean): Hold[] {
  return holds.filter(({ bucket, suspectTo }) => {
    if (suspectTo === undefined) return false;
    const mine = rows.filter(row => row.bucket === bucket);
    if (mine.some(({ id }) => id <= suspectTo)) return false;
    return !more || mine.length > 0;
  });
}
