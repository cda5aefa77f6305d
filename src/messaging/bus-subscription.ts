import { BusClosedError } from '../kernel/bus-errors.js';
import type { Timer } from '../kernel/clock.js';
import { factOf } from '../kernel/errors.js';
import type { Listener } from '../kernel/events.js';
import { checkKeys, checkNumber } from '../kernel/options.js';
import { Consumer } from './consumer.js';
import type { Drained, SubscriptionEvents } from './consumer-events.js';
import type { DriverSubscription } from './driver.js';
import type { ConsumerParts } from './handling.js';
import type { Subscription, SubscriptionDescription, SubscriptionSnapshot } from './message-bus.js';

const DRAIN_MS = 30_000;
/** The first wait before the broker is asked again, and the longest. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/** What cannot become right by asking again. */
const hopeless: readonly unknown[] = ['ERR_TOPOLOGY', 'ERR_UNSUPPORTED', 'ERR_BUS_CLOSED'];

/** A subscription: it asks the broker until it is let in, and consumes until it is closed. */
export class BusSubscription implements Subscription {
  readonly ready: Promise<void>;
  readonly #parts: ConsumerParts;
  readonly #pattern: string;
  readonly #consumer: Consumer;
  readonly #connect: () => Promise<void>;
  readonly #onClosed: (subscription: BusSubscription) => void;
  #state: SubscriptionSnapshot['state'] = 'connecting';
  #subscription: DriverSubscription | undefined;
  #drained: Promise<Drained> | undefined;
  #settleReady!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };
  #timer: Timer | undefined;

  constructor(
    parts: ConsumerParts,
    pattern: string,
    connect: () => Promise<void>,
    onClosed: (subscription: BusSubscription) => void,
  ) {
    this.#parts = parts;
    this.#pattern = pattern;
    this.#connect = connect;
    this.#onClosed = onClosed;
    this.#consumer = new Consumer(parts);
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // Whoever does not look at it must not be ended by it.
    this.ready.catch(() => {});
    void this.#enter(FIRST_WAIT_MS);
  }

  on<Name extends keyof SubscriptionEvents>(
    event: Name,
    listener: Listener<SubscriptionEvents[Name]>,
  ): () => void {
    return this.#parts.emitter.on(event, listener);
  }

  snapshot(): SubscriptionSnapshot {
    const { held, running, paused } = this.#consumer.load;
    const state = this.#state === 'consuming' && paused ? 'paused' : this.#state;
    return { pattern: this.#pattern, group: this.#parts.rules.group ?? null, state, held, running };
  }

  describe(): SubscriptionDescription {
    const { concurrency, prefetch, order, group = null } = this.#parts.rules;
    const pattern = this.#pattern;
    const delivery = group === null ? 'fan-out' : 'group';
    const name = `${pattern} (${group ?? delivery})`;
    return { kind: 'subscription', name, pattern, group, delivery, concurrency, prefetch, order };
  }

  pause(): void {
    this.#consumer.suspend();
  }

  resume(): void {
    this.#consumer.resume();
  }

  async drain(options: { readonly timeoutMs?: number } = {}): Promise<Drained> {
    checkKeys('drain', options, ['timeoutMs']);
    const { timeoutMs = DRAIN_MS } = options;
    checkNumber('drain', 'timeoutMs', timeoutMs, { min: 0, infinity: true });
    this.#drained ??= this.#end(timeoutMs);
    return this.#drained;
  }

  async close(): Promise<void> {
    await this.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #enter(waitMs: number): Promise<void> {
    try {
      await this.#connect();
      const { driver, rules } = this.#parts;
      const { group, start, order, leaseMs, topology, prefetch } = rules;
      const spec = { pattern: this.#pattern, group, start, order, leaseMs, topology, prefetch };
      const subscription = await driver.subscribe(spec, this.#consumer);
      this.#subscription = subscription;
      if (this.#state !== 'connecting') {
        await subscription.close();
        return;
      }
      this.#state = 'consuming';
      this.#settleReady.resolve();
      this.#consumer.attach(subscription);
    } catch (error) {
      this.#knockAgain(error, waitMs);
    }
  }

  #knockAgain(error: unknown, waitMs: number): void {
    if (this.#state !== 'connecting') return;
    if (hopeless.includes(factOf(error, 'code'))) {
      this.#state = 'closed';
      this.#settleReady.reject(error);
      this.#onClosed(this);
      return;
    }
    this.#consumer.lost(error);
    const next = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    // Somebody waits for messages: the process must live to get them.
    this.#timer = this.#parts.clock.schedule(waitMs, () => void this.#enter(next), true);
  }

  async #end(timeoutMs: number): Promise<Drained> {
    if (this.#state === 'closed') return { finished: 0, released: 0 };
    if (this.#state === 'connecting') {
      this.#settleReady.reject(new BusClosedError('the subscription was closed before it was ready'));
    }
    this.#timer?.cancel();
    this.#state = 'draining';
    try {
      return await this.#consumer.drain(timeoutMs);
    } finally {
      this.#state = 'closed';
      await this.#subscription?.close();
      this.#onClosed(this);
    }
  }
}
