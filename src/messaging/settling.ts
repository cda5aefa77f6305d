import type { Clock } from '../kernel/clock.js';
import type { Emitter } from '../kernel/events.js';
import type { DeathReason, SubscriptionEvents } from './consumer-events.js';
import { deadLetterTopic, deathHeaders } from './dead-letter.js';
import type { Driver, RawDelivery, Settled } from './driver.js';
import type { HeldDelivery } from './held-delivery.js';

/** So long a message waits that could not be made a dead letter. */
const UNBURIED_MS = 5_000;

const ackOf = (raw: RawDelivery): Promise<Settled> | Settled => raw.ack();

/** The ends that a delivery can come to, and what is told of them. */
export class Settling {
  readonly #parts: {
    readonly driver: Driver;
    readonly clock: Clock;
    readonly group: string | undefined;
    readonly emitter: Emitter<SubscriptionEvents>;
  };

  constructor(driver: Driver, clock: Clock, group: string | undefined, emitter: Emitter<SubscriptionEvents>) {
    this.#parts = { driver, clock, group, emitter };
  }

  /** It has been dealt with. Answers a promise where the broker has to be waited for. */
  ack(held: HeldDelivery, id: string): Promise<unknown> | undefined {
    const answer = this.settle(held, id, ackOf);
    return typeof answer === 'string' ? undefined : answer;
  }

  /** It is dropped, and said so. */
  async discard(held: HeldDelivery, id: string, reason: 'expired' | 'verdict' | 'no-group'): Promise<void> {
    await this.ack(held, id);
    this.tell('discarded', { id, reason });
  }

  /** It cannot be handled: it becomes a dead letter of its group, or is dropped where there is none. */
  async bury(
    held: HeldDelivery,
    id: string,
    reason: DeathReason,
    error: unknown,
    attempts: number,
  ): Promise<void> {
    const { group, clock } = this.#parts;
    if (group === undefined) {
      await this.discard(held, id, 'no-group');
      return;
    }
    const headers = deathHeaders(group, reason, error, clock.wall(), attempts);
    const answer = await this.settle(held, id, raw => this.#bearOut(raw, headers, group));
    if (answer === 'done') this.tell('deadLettered', { id, reason, error });
  }

  /**
   * In one step where the broker can; else the copy comes first, so that a crash in between doubles it
   * and never loses it.
   */
  async #bearOut(
    raw: RawDelivery,
    headers: Readonly<Record<string, string>>,
    group: string,
  ): Promise<Settled> {
    const { driver } = this.#parts;
    try {
      if (raw.deadLetter !== undefined) return await raw.deadLetter(headers);
      const { topic, key, body } = raw.record;
      const id = `${raw.position} ${topic}`;
      const copy = { topic: deadLetterTopic(topic, group), key, body, id, priority: 0, group: undefined };
      const all = { ...raw.record.headers, ...headers };
      const record = { ...copy, headers: all, notBefore: undefined, expiresAt: undefined };
      const [outcome] = await driver.publish([record]);
      if (outcome?.ok === false) throw outcome.error;
      return await raw.ack();
    } catch (error) {
      // It is not lost: it comes again, and is tried again.
      await raw.nack(UNBURIED_MS);
      throw error;
    }
  }

  /** Settles a delivery, and tells when that did not go as it should. Never throws. */
  settle(
    held: HeldDelivery,
    id: string,
    how: (raw: RawDelivery) => Promise<Settled> | Settled,
  ): Promise<Settled> | Settled {
    try {
      const answer = held.settle(how);
      if (typeof answer === 'string') return this.#heard(id, answer);
      return answer.then(
        later => this.#heard(id, later),
        (error: unknown) => this.#unheard(id, error),
      );
    } catch (error) {
      return this.#unheard(id, error);
    }
  }

  #heard(id: string, answer: Settled): Settled {
    if (answer !== 'done') this.tell('unsettled', { id, error: answer });
    return answer;
  }

  #unheard(id: string, error: unknown): Settled {
    this.tell('unsettled', { id, error });
    return 'stale';
  }

  tell<Name extends keyof SubscriptionEvents>(name: Name, facts: Omit<SubscriptionEvents[Name], 'at'>): void {
    const { emitter, clock } = this.#parts;
    if (!emitter.has(name)) return;
    emitter.emit(name, { ...facts, at: clock.wall() } as SubscriptionEvents[Name]);
  }
}
