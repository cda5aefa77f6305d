import { type Backoff, backoffMs } from '../../core/backoff.js';
import type { Clock, Timer } from '../../kernel/clock.js';
import type { Random } from '../../kernel/random.js';
import type { MqttConnect, MqttConnecting, MqttPublication } from './mqtt-connection.js';
import { LinkError, MqttLink, reason } from './mqtt-link.js';

/** What all connections of a driver are made with. */
export interface LineParts {
  readonly connect: MqttConnect;
  readonly clock: Clock;
  readonly random: Random;
}

/** What a line is for. */
export interface LinePlan {
  /** `again` for all but the first connection. */
  options(again: boolean): MqttConnecting;
  /** What has to be done before anything else is; the link is given up when it fails. */
  begin(link: MqttLink): Promise<void>;
  message(link: MqttLink, packet: MqttPublication, acknowledge: () => void): void;
  /** A link that had begun is gone. */
  lost(link: MqttLink, error: LinkError): void;
  /** There is a link again. */
  ready(): void;
  /** Whether somebody else has taken over the session; asked before the next link is opened. */
  isOusted(): boolean;
  /** Somebody else has: there is no next link. */
  ousted(): void;
  /** Whether the process must live until there is a link again. */
  readonly keepsAlive: boolean;
}

const backoff: Backoff = { kind: 'exponential', initialMs: 100, maxMs: 5_000, jitter: 'equal' };

/** One link after the other: when one is lost the next is opened, with a wait that grows. */
export class MqttLine {
  readonly #parts: LineParts;
  readonly #plan: LinePlan;
  #link: MqttLink | undefined;
  #opening: Promise<void> | undefined;
  #opened = false;
  #closed = false;
  #wait: Timer | undefined;

  constructor(parts: LineParts, plan: LinePlan) {
    this.#parts = parts;
    this.#plan = plan;
  }

  /** The one that has begun; `undefined` while there is none. */
  get link(): MqttLink | undefined {
    return this.#link?.alive === true ? this.#link : undefined;
  }

  /** The first link. Rejects when there is none; then it may be asked again. */
  open(): Promise<void> {
    if (this.#opened) return Promise.resolve();
    this.#opening ??= this.#next().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Opens no more, and answers the link that is to be ended. */
  close(): MqttLink | undefined {
    this.#closed = true;
    this.#wait?.cancel();
    return this.#link;
  }

  async #next(): Promise<void> {
    const { connect, clock } = this.#parts;
    const link = await MqttLink.open(connect, this.#plan.options(this.#opened), clock, {
      message: (from, packet, acknowledge) => this.#plan.message(from, packet, acknowledge),
      closed: (from, error) => this.#lose(from, error),
    });
    try {
      if (this.#closed) throw new LinkError('it was closed meanwhile', {});
      await this.#plan.begin(link);
      // It may have been lost just now, when it was not yet the one to be told of.
      if (!link.alive || this.#closed) throw new LinkError('the connection was lost', { unanswered: true });
    } catch (error) {
      link.cut();
      throw error;
    }
    this.#link = link;
    this.#opened = true;
  }

  #lose(link: MqttLink, error: LinkError): void {
    if (this.#closed || this.#link !== link) return;
    this.#link = undefined;
    this.#plan.lost(link, error);
    if (error.reasonCode === reason.sessionTakenOver) this.#yield();
    else this.#later(1);
  }

  #yield(): void {
    this.#closed = true;
    this.#plan.ousted();
  }

  #later(attempt: number): void {
    const { clock, random } = this.#parts;
    const again = async (): Promise<void> => {
      // Not every broker tells whom it closes a connection of why.
      if (this.#plan.isOusted()) {
        this.#yield();
        return;
      }
      try {
        await this.#next();
        this.#plan.ready();
      } catch {
        if (!this.#closed) this.#later(attempt + 1);
      }
    };
    const delayMs = backoffMs(backoff, attempt, 0, random());
    this.#wait = clock.schedule(delayMs, () => void again(), this.#plan.keepsAlive);
  }
}
