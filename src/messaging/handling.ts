import { afterFailure, mostDeliveries } from '../core/redelivery.js';
import { InvalidMessageError } from '../kernel/bus-errors.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { factOf, isRejected } from '../kernel/errors.js';
import type { Emitter } from '../kernel/events.js';
import { HandlerRuns, type RunEnd } from '../kernel/handler-run.js';
import { show } from '../kernel/options.js';
import type { SubscriptionEvents } from './consumer-events.js';
import type { Driver } from './driver.js';
import { header, numberIn } from './headers.js';
import type { HeldDelivery } from './held-delivery.js';
import type { IdempotencyStore } from './idempotency.js';
import type { Message } from './message.js';
import { type Envelope, OwnRecord } from './own-record.js';
import { type Received, readRecord } from './received.js';
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

type Quiet = Promise<void> | undefined;

/**
 * What is to become of a delivery: it is `settled`, or the broker is being told; it waits in this process for
 * `afterMs`; or the policy refused to run its handler, and says when to ask again.
 */
export type Fate =
  | { readonly then: 'settled'; readonly quiet: Quiet }
  | { readonly then: 'settling'; readonly settled: Promise<unknown>; readonly quiet: Quiet }
  | { readonly then: 'wait'; readonly afterMs: number; readonly quiet: Quiet }
  | { readonly then: 'refused'; readonly error: unknown; readonly afterMs: number | undefined };

/** What came of reading a message. */
type ReadEnd =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly why: 'undecodable' | 'invalid'; readonly error: unknown };

const after = (settled: Promise<unknown>): Promise<Fate> => settled.then(() => SETTLED);

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

  /** At once where nothing has to be waited for: handlers and drivers may both answer without a promise. */
  handle(held: HeldDelivery): Fate | Promise<Fate> {
    const { clock, envelope, rules } = this.#parts;
    const { raw } = held;
    const counted = raw.attempt ?? numberIn(raw.record.headers, header.attempt);
    const attempt = held.attempt(counted);
    const received = readRecord(envelope, raw, attempt);
    const { id } = received.message;
    if (received.expiresAt !== undefined && received.expiresAt <= clock.wall()) {
      return after(this.#settling.discard(held, id, 'expired'));
    }
    // A flag says that there was another delivery, and not that anybody has seen it.
    const counts = this.#parts.driver.capabilities.attempt !== 'flag';
    if (counts && attempt > mostDeliveries(rules.redelivery)) {
      const error = new Error('it was delivered too often without an end: its handler may end the process');
      return after(this.#settling.bury(held, id, 'exhausted', error, attempt));
    }
    const read = this.#read(held, received);
    if (read instanceof Promise) return read.then(known => this.#enter(held, received, known));
    return this.#enter(held, received, read);
  }

  /** Runs the handler of a message that could be read, unless it was handled before. */
  #enter(held: HeldDelivery, received: Received, read: ReadEnd): Fate | Promise<Fate> {
    const { message } = received;
    if (!read.ok) return after(this.#settling.bury(held, message.id, read.why, read.error, message.attempt));
    message.data = read.data;
    const { idempotency } = this.#parts.rules;
    return idempotency === undefined
      ? this.#run(held, received, undefined)
      : this.#runOnce(held, received, idempotency);
  }

  async #runOnce(held: HeldDelivery, received: Received, store: IdempotencyStore): Promise<Fate> {
    const { rules } = this.#parts;
    const { id } = received.message;
    const key = `${rules.group} ${received.idempotencyKey}`;
    const familiar = await store.begin(key, rules.leaseMs);
    if (familiar === 'busy') return this.#later(held, BUSY_MS, undefined);
    if (familiar !== 'done') return this.#run(held, received, key);
    await this.#settling.ack(held, id);
    this.#settling.tell('duplicate', { id });
    return SETTLED;
  }

  /** One run; those that follow from it come by `#conclude`. */
  #run(held: HeldDelivery, received: Received, key: string | undefined): Fate | Promise<Fate> {
    const startedAt = this.#parts.clock.coarse();
    const end = this.#start(held, received);
    return end instanceof Promise
      ? end.then(later => this.#conclude(held, received, key, startedAt, later))
      : this.#conclude(held, received, key, startedAt, end);
  }

  #conclude(
    held: HeldDelivery,
    received: Received,
    key: string | undefined,
    startedAt: number,
    { outcome, quiet }: RunEnd,
  ): Fate | Promise<Fate> {
    if (held.settled) return this.#released(key, { then: 'settled', quiet });
    if (!outcome.ok) return this.#fail(held, received, key, outcome.error, quiet);
    if (key !== undefined || this.#parts.reply !== undefined) {
      return this.#report(held, received, key, startedAt, outcome.value, quiet);
    }
    const acked = this.#settling.ack(held, received.message.id);
    if (acked === undefined) return this.#handled(received, startedAt, quiet);
    return { then: 'settling', settled: acked.then(() => this.#handled(received, startedAt, quiet)), quiet };
  }

  /** Others hear of a success before the broker does: the answer, and who keeps what was handled. */
  async #report(
    held: HeldDelivery,
    received: Received,
    key: string | undefined,
    startedAt: number,
    value: unknown,
    quiet: Promise<void> | undefined,
  ): Promise<Fate> {
    const { rules, reply } = this.#parts;
    if (key !== undefined) await rules.idempotency!.complete(key);
    if (reply !== undefined) await reply(received, true, value);
    await this.#settling.ack(held, received.message.id);
    return this.#handled(received, startedAt, quiet);
  }

  #handled({ message }: Received, startedAt: number, quiet: Promise<void> | undefined): Fate {
    const { emitter, clock } = this.#parts;
    if (emitter.has('handled')) {
      const tookMs = clock.coarse() - startedAt;
      this.#settling.tell('handled', { id: message.id, attempt: message.attempt, tookMs });
    }
    return quiet === undefined ? SETTLED : { then: 'settled', quiet };
  }

  async #fail(
    held: HeldDelivery,
    received: Received,
    key: string | undefined,
    error: unknown,
    quiet: Promise<void> | undefined,
  ): Promise<Fate> {
    const { message } = received;
    const { id, attempt } = message;
    const { rules, reply } = this.#parts;
    if (isBackPressure(error)) {
      return this.#released(key, { then: 'refused', error, afterMs: retryAfter(error) });
    }
    this.#settling.tell('failed', { id, attempt, error });
    const verdict = this.#judge(error, message);
    const next = afterFailure(rules.redelivery, attempt, held.run);
    if (verdict === 'retry' && next.then === 'again' && quiet === undefined) {
      held.run++;
      return this.#run(held, received, key);
    }
    await this.#release(key);
    if (verdict === 'retry' && next.then !== 'dead-letter') {
      return this.#later(held, next.then === 'redeliver' ? next.delayMs : 0, quiet, true);
    }
    if (reply !== undefined) await reply(received, false, error);
    if (verdict === 'discard') await this.#settling.discard(held, id, 'verdict');
    else {
      const reason = verdict === 'retry' ? 'exhausted' : 'verdict';
      await this.#settling.bury(held, id, reason, error, attempt);
    }
    return { then: 'settled', quiet };
  }

  #start(held: HeldDelivery, received: Received): RunEnd | Promise<RunEnd> {
    const { rules, clock, handler } = this.#parts;
    const { message, deadline } = received;
    const facts = {
      key: message.key,
      idempotencyKey: received.idempotencyKey,
      attributes: { message },
      attempt: (message.attempt - 1) * rules.redelivery.immediate + held.run,
      remainingMs: deadline === undefined ? Infinity : Math.max(0, deadline - clock.wall()),
    };
    return this.#runs.start(context => handler(message, context), facts, held);
  }

  /** The data of a message, or why it cannot be read. */
  #read(held: HeldDelivery, { message }: Received): ReadEnd | Promise<ReadEnd> {
    const { envelope, read } = this.#parts;
    const { record } = held.raw;
    let data: unknown;
    try {
      // Whoever asks for copies gets one, whatever the publisher is content with.
      const same = record instanceof OwnRecord && record.envelope.byReference && envelope.byReference;
      data = same ? record.draft.data : envelope.codec.decode(record.body);
    } catch (error) {
      return { ok: false, why: 'undecodable', error };
    }
    const invalid = (error: unknown): ReadEnd => ({ ok: false, why: 'invalid', error });
    try {
      const known = read(message.topic, data, message.version);
      if (!(known instanceof Promise)) return { ok: true, data: known };
      return known.then(later => ({ ok: true, data: later }), invalid);
    } catch (error) {
      return invalid(error);
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

  async #released(key: string | undefined, fate: Fate): Promise<Fate> {
    await this.#release(key);
    return fate;
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
