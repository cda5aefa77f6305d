import type { InRecord, RawDelivery, Settled } from '../../messaging/driver.js';
import type { MqttLink } from './mqtt-link.js';
import type { MqttSession } from './mqtt-session.js';

/** Where a message came from, and how the broker is told that it is done with. */
export interface Origin {
  readonly session: MqttSession;
  readonly link: MqttLink;
  readonly acknowledge: () => void;
}

/** One message of one connection: when that is lost, the broker sends it again. */
export class MqttDelivery implements RawDelivery {
  readonly record: InRecord;
  readonly position: string;
  readonly attempt: number | undefined;
  readonly origin: Origin;
  readonly #done: (delivery: MqttDelivery, againInMs: number | undefined) => void;
  #settled = false;

  constructor(
    record: InRecord,
    position: string,
    attempt: number | undefined,
    origin: Origin,
    done: (delivery: MqttDelivery, againInMs: number | undefined) => void,
  ) {
    this.record = record;
    this.position = position;
    this.attempt = attempt;
    this.origin = origin;
    this.#done = done;
  }

  get alive(): boolean {
    return this.origin.link.alive;
  }

  async ack(): Promise<Settled> {
    if (!this.#settle()) return 'stale';
    this.origin.acknowledge();
    this.#done(this, undefined);
    return 'done';
  }

  /** The broker has no word for it: it stays here, and is handed out again by this process. */
  async nack(delayMs: number): Promise<Settled> {
    if (!this.#settle()) return 'stale';
    this.#done(this, delayMs);
    return 'done';
  }

  #settle(): boolean {
    if (this.#settled || !this.alive) return false;
    this.#settled = true;
    return true;
  }
}
