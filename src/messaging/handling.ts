import { afterFailure, mostDeliveries } from '../core/redelivery.js';
import { InvalidMessageError } from '../kernel/bus-errors.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { factOf, isRejected } from '../kernel/errors.js';
import type { Emitter } from '../kernel/events.js';
import { show } from '../kernel/options.js';
import type { SubscriptionEvents } from './consumer-events.js';
import type { Driver } from './driver.js';
import { type Envelope, type Received, readRecord } from './envelope.js';
import { HandlerRuns } from './handler-run.js';
import { header, numberIn } from './headers.js';
import type { HeldDelivery } from './held-delivery.js';
import type { Message } from './message.js';
import { Settling } from './settling.js';
import type { FailureVerdict, SubscribeRules } from './subscribe-options.js';

/** What is done with a message. What it returns is the answer, where one was asked for. */
export type Handler<T> = (message: Message<T>, context: Context) => unknown;

/** What a consumer is made of. */
export interface ConsumerParts {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly envelope: Envelope;
  readonly rules: SubscribeRules;
  readonly read: (topic: string, data: unknown, version: number) => unknown;
  readonly handler: Handler<unknown>;
  readonly emitter: Emitter<SubscriptionEvents>;
  /** Publishes the answer to a request. */
  readonly reply: ((received: Received, ok: boolean, result: unknown) => Promise<void>) | undefined;
}

/**
 * What is to become of a delivery: it is `settled`; it waits in this process for `afterMs`; or the policy
 * refused to run its handler, and says when to ask again.
 */
export type Fate =
  | { readonly then: 'settled'; readonly quiet: Promise<void> | undefined }
  | { readonly then: 'wait'; readonly afterMs: number; readonly quiet: Promise<void> | undefined }
  | { readonly then: 'refused'; readonly error: unknown; readonly afterMs: number | undefined };

const SETTLED: Fate = { then: 'settled', quiet: undefined };

/** So long a message waits that another one of this group is being busy with. */
const BUSY_MS = 1_000;

/** Takes one delivery at a time from its bytes to its settlement. */
export class Handling {
  readonly #parts: ConsumerParts;
  readonly #runs: HandlerRuns;
  readonly #settling: Settling;

  constructor(parts: ConsumerParts) {
    const { driver, clock, rules, emitter } = parts;
    this.#parts = parts;
    this.#settling = new Settling(driver, clock, rules.group, emitter);
    this.#runs = new HandlerRuns(clock, rules.policy, rules.timeoutMs);
  }

  async handle(held: HeldDelivery): Promise<Fate> {
    const { clock, envelope, rules } = this.#parts;
    const { record, position } = held.raw;
    const attempt = held.attempt(numberIn(record.headers, header.attempt));
    const received = readRecord(envelope, record, position, attempt);
    const { id } = received.message;
    const wall = clock.wall();
    if (received.expiresAt !== undefined && received.expiresAt <= wall) {
      await this.#settling.discard(held, id, 'expired');
      return SETTLED;
    }
    if (received.notBefore !== undefined && received.notBefore > wall) {
      return this.#later(held, received.notBefore - wall, undefined);
    }
    // A flag says that there was another delivery, and not that anybody has seen it.
    const counts = this.#parts.driver.capabilities.attempt !== 'flag';
    if (counts && attempt > mostDeliveries(rules.redelivery)) {
      const error = new Error('it was delivered too often without an end: its handler may end the process');
      await this.#settling.bury(held, id, 'exhausted', error, attempt);
      return SETTLED;
    }
    const message = await this.#decode(held, received);
    if (message === undefined) return SETTLED;
    const key = rules.idempotency === undefined ? undefined : `${rules.group} ${received.idempotencyKey}`;
    if (key !== undefined) {
      const familiar = await rules.idempotency!.begin(key, rules.leaseMs);
      if (familiar === 'busy') return this.#later(held, BUSY_MS, undefined);
      if (familiar === 'done') {
        await this.#settling.ack(held, id);
        this.#settling.tell('duplicate', { id });
        return SETTLED;
      }
    }
    return this.#run(held, received, message, key);
  }

  /** The runs of one delivery, one after the other. */
  async #run(
    held: HeldDelivery,
    received: Received,
    message: Message,
    key: string | undefined,
  ): Promise<Fate> {
    const { rules, clock, handler, reply } = this.#parts;
    for (;;) {
      const startedAt = clock.coarse();
      const { outcome, quiet } = await this.#start(held, received, message, handler);
      if (held.settled) {
        await this.#release(key);
        return { then: 'settled', quiet };
      }
      if (outcome.ok) {
        if (key !== undefined) await rules.idempotency!.complete(key);
        if (reply !== undefined) await reply(received, true, outcome.value);
        await this.#settling.ack(held, message.id);
        if (this.#parts.emitter.has('handled')) {
          const tookMs = clock.coarse() - startedAt;
          this.#settling.tell('handled', { id: message.id, attempt: message.attempt, tookMs });
        }
        return quiet === undefined ? SETTLED : { then: 'settled', quiet };
      }
      const { error } = outcome;
      if (isBackPressure(error)) {
        await this.#release(key);
        return { then: 'refused', error, afterMs: retryAfter(error) };
      }
      this.#settling.tell('failed', { id: message.id, attempt: message.attempt, error });
      const verdict = this.#judge(error, message);
      const next = afterFailure(rules.redelivery, message.attempt, held.run);
      if (verdict === 'retry' && next.then === 'again' && quiet === undefined) {
        held.run++;
        continue;
      }
      await this.#release(key);
      if (verdict === 'retry' && next.then === 'redeliver')
        return this.#later(held, next.delayMs, quiet, true);
      if (verdict === 'retry' && next.then === 'again') return this.#later(held, 0, quiet, true);
      if (reply !== undefined) await reply(received, false, error);
      if (verdict === 'discard') await this.#settling.discard(held, message.id, 'verdict');
      else
        await this.#settling.bury(
          held,
          message.id,
          verdict === 'retry' ? 'exhausted' : 'verdict',
          error,
          message.attempt,
        );
      return { then: 'settled', quiet };
    }
  }

  #start(held: HeldDelivery, received: Received, message: Message, handler: Handler<unknown>) {
    const { rules, clock } = this.#parts;
    const facts = {
      key: message.key,
      idempotencyKey: received.idempotencyKey,
      attributes: { message },
      attempt: (message.attempt - 1) * rules.redelivery.immediate + held.run,
      remainingMs: received.deadline === undefined ? Infinity : Math.max(0, received.deadline - clock.wall()),
    };
    return this.#runs.start(
      context => handler(message, context),
      facts,
      interrupt => {
        held.interrupt = interrupt;
      },
    );
  }

  /** `undefined` for what cannot be read: it is a dead letter then. */
  async #decode(held: HeldDelivery, received: Received): Promise<Message | undefined> {
    const { envelope, read } = this.#parts;
    const { message } = received;
    let data: unknown;
    try {
      data = envelope.codec.decode(held.raw.record.body);
    } catch (error) {
      await this.#settling.bury(held, message.id, 'undecodable', error, message.attempt);
      return undefined;
    }
    try {
      return { ...message, data: await read(message.topic, data, message.version) };
    } catch (error) {
      await this.#settling.bury(held, message.id, 'invalid', error, message.attempt);
      return undefined;
    }
  }

  #judge(error: unknown, message: Message): FailureVerdict {
    try {
      const verdict = this.#parts.rules.classify?.(error, message);
      if (verdict === 'retry' || verdict === 'dead-letter' || verdict === 'discard') return verdict;
      if (verdict !== undefined) console.error(`keelson: \`failure.classify\` answered ${show(verdict)}`);
    } catch (failure) {
      console.error('keelson: `failure.classify` failed', failure);
    }
    return isInvalid(error) ? 'dead-letter' : 'retry';
  }

  /** Gives a delivery back for later, or keeps it until then where giving it back would lose its place. */
  async #later(
    held: HeldDelivery,
    delayMs: number,
    quiet: Promise<void> | undefined,
    counts = false,
  ): Promise<Fate> {
    const { driver, rules } = this.#parts;
    const { nackDelay, nackKeepsOrder } = driver.capabilities;
    const id = held.raw.position;
    if (counts) this.#settling.tell('redelivered', { id, delayMs });
    const stays = !counts || nackDelay === 'none' || (rules.order !== 'none' && !nackKeepsOrder);
    if (stays) {
      if (counts) held.putOff++;
      held.run = 1;
      return { then: 'wait', afterMs: delayMs, quiet };
    }
    await this.#settling.settle(held, id, raw => raw.nack(delayMs));
    return { then: 'settled', quiet };
  }

  async #release(key: string | undefined): Promise<void> {
    if (key !== undefined) await this.#parts.rules.idempotency!.release(key);
  }
}

/**
 * What says that a remote is to be spared for a while, wherever it was raised: around the handler or by a
 * policy inside it. The message is not to blame.
 */
const backPressure: readonly unknown[] = [
  ...['ERR_CIRCUIT_OPEN', 'ERR_BULKHEAD_FULL', 'ERR_QUEUE_TIMEOUT', 'ERR_RATE_LIMITED', 'ERR_THROTTLED'],
  'ERR_LIMIT_EXCEEDED',
];

function isBackPressure(error: unknown): boolean {
  return isRejected(error) && backPressure.includes(factOf(error, 'code'));
}

function isInvalid(error: unknown): boolean {
  return error instanceof InvalidMessageError || factOf(error, 'code') === 'ERR_INVALID_MESSAGE';
}

function retryAfter(error: unknown): number | undefined {
  const ms = factOf(error, 'retryAfterMs');
  return typeof ms === 'number' && ms >= 0 ? ms : undefined;
}
