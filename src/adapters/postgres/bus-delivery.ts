import type { InRecord, RawDelivery, Settled } from '../../messaging/driver.js';
import type { Handed, Settlements } from './bus-settle.js';
import type { Row } from './client.js';
import { fromColumn } from './names.js';

/** What a delivery needs of the subscription that handed it out. */
export interface Holder {
  readonly settlements: Settlements;
  /** The monotonic clock. */
  now(): number;
  /** It is settled, in a lane or not; `dueMs` from now it is due again, where it was given back. */
  settled(delivery: PostgresDelivery, dueMs: number | undefined): void;
}

/** Headers that somebody else wrote may be no object of texts. */
function headersOf(column: unknown): Readonly<Record<string, string>> {
  try {
    const headers: unknown = JSON.parse(column as string);
    if (typeof headers !== 'object' || headers === null) return {};
    return headers as Readonly<Record<string, string>>;
  } catch {
    return {};
  }
}

/** A message as its columns hold it. */
export function recordOf(row: Row): InRecord {
  const { topic, key, headers, body } = row;
  return {
    topic: topic as string,
    key: typeof key === 'string' ? fromColumn(key) : undefined,
    headers: headersOf(headers),
    body: body as Uint8Array,
  };
}

/** One handing out of a message to this process. */
export class PostgresDelivery implements RawDelivery {
  readonly record: InRecord;
  readonly position: string;
  readonly attempt: number;
  readonly handed: Handed;
  readonly inLane: boolean;
  readonly #holder: Holder;
  #until: number;

  /** `until` by the monotonic clock, and not later than the lease of the server ends. */
  constructor(holder: Holder, row: Row, group: string, lease: string, until: number) {
    this.#holder = holder;
    this.record = recordOf(row);
    this.position = row['pos'] as string;
    this.attempt = Number(row['attempts']);
    this.inLane = row['lane'] !== null;
    this.handed = { pos: this.position, group, lease, attempts: this.attempt };
    this.#until = until;
  }

  get leasedUntil(): number {
    return this.#until;
  }

  async ack(): Promise<Settled> {
    return this.#end(this.#holder.settlements.ack(this.handed, this.#until), undefined);
  }

  async nack(delayMs: number): Promise<Settled> {
    return this.#end(this.#holder.settlements.nack(this.handed, delayMs, this.#until), delayMs);
  }

  async extend(ms: number): Promise<Settled> {
    const from = this.#holder.now();
    const answer = await this.#holder.settlements.extend(this.handed, ms, this.#until);
    if (answer === 'done') this.#until = from + ms;
    else this.#holder.settled(this, undefined);
    return answer;
  }

  async deadLetter(headers: Readonly<Record<string, string>>): Promise<Settled> {
    const all = { ...this.record.headers, ...headers };
    return this.#end(this.#holder.settlements.bury(this.handed, all, this.#until), undefined);
  }

  /** Gives back what no handler has seen: it does not count. */
  async release(): Promise<Settled> {
    return this.#end(this.#holder.settlements.release(this.handed, this.#until), 0);
  }

  async #end(settling: Promise<Settled>, dueMs: number | undefined): Promise<Settled> {
    const answer = await settling;
    this.#holder.settled(this, dueMs);
    return answer;
  }
}
