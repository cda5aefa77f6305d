import { type Clock, systemClock, type Timer } from '../kernel/clock.js';
import type { Listener, Observable } from '../kernel/events.js';
import { systemRandom } from '../kernel/random.js';
import { WorkLoop } from '../kernel/work-loop.js';
import type { OutboxStore } from './outbox-store.js';
import { publishVerdict } from './publish-verdict.js';
import {
  checkRelay,
  type OutboxRelayDescription,
  type OutboxRelayEvents,
  type OutboxRelayOptions,
  type OutboxRelaySnapshot,
  type RelayDefaults,
  relayDefaults,
} from './relay-options.js';
import { RelayReport } from './relay-report.js';
import { RelayRun } from './relay-run.js';

/** So many beats in a lease; more in the first, for relays begin together, and while buckets lack. */
const BEATS = 3;
const HUNGRY_BEATS = 15;

/**
 * Hands what an outbox keeps to a bus: at least once, in order for each key, and with any number of relays
 * that share the work. A key that cannot be published stands still; no other does.
 *
 * @example
 * ```ts
 * import { InMemoryOutboxStore, Outbox, OutboxRelay } from 'keelson/data';
 * import { InMemoryBus, topic } from 'keelson/messaging';
 *
 * const placed = topic<{ id: string }>('orders.placed');
 * const [bus, store] = [new InMemoryBus(), new InMemoryOutboxStore()];
 * const outbox = new Outbox({ store });
 * const relay = new OutboxRelay({ store, bus });
 * await relay.start();
 * await store.transaction(tx => outbox.publish(tx, { topic: placed, data: { id: 'o-1' } }));
 * await relay.close();
 * await bus.close();
 * ```
 */
export class OutboxRelay implements Observable<OutboxRelayEvents>, AsyncDisposable {
  readonly #rules: RelayDefaults;
  readonly #store: OutboxStore<never>;
  readonly #clock: Clock;
  readonly #report: RelayReport;
  readonly #run: RelayRun;
  readonly #reading: WorkLoop;
  readonly #beating: WorkLoop;
  #soon: Timer | undefined;
  #sooner: Timer | undefined;
  #deaf: (() => void) | undefined;
  #youngUntil = -Infinity;
  #state: OutboxRelaySnapshot['state'] = 'idle';

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: OutboxRelayOptions) {
    this.#rules = checkRelay(options);
    const { store, bus, classify = publishVerdict, clock = systemClock, random = systemRandom } = options;
    this.#store = store;
    this.#clock = clock;
    this.#report = new RelayReport(this.#rules.name, clock);
    const parts = { store, bus, classify, clock, random, rules: this.#rules, report: this.#report };
    this.#run = new RelayRun({
      ...parts,
      onRoom: () => this.#reading.wake(),
      onLeft: () => this.#beating.wake(),
    });
    const { pollMs, leaseMs } = this.#rules;
    const onError = (error: unknown): void => this.#report.interrupted(error);
    this.#reading = new WorkLoop(() => this.#read(), onError, pollMs, clock);
    this.#beating = new WorkLoop(() => this.#beat(), onError, leaseMs / BEATS, clock);
  }

  /** What stands where an option was left out. */
  static get defaults(): RelayDefaults {
    return relayDefaults;
  }

  on<Name extends keyof OutboxRelayEvents>(
    event: Name,
    listener: Listener<OutboxRelayEvents[Name]>,
  ): () => void {
    return this.#report.events.on(event, listener);
  }

  /**
   * Takes its share of the buckets, and begins to publish; resolves when it has asked for them. A store that
   * cannot be asked is asked again: `interrupted` tells of that.
   */
  async start(): Promise<void> {
    if (this.#state !== 'idle') {
      throw new TypeError(`${this.#rules.name}: start: it must be idle, is ${this.#state}`);
    }
    this.#state = 'running';
    this.#youngUntil = this.#clock.now() + this.#rules.leaseMs;
    this.#deaf = this.#store.onWake?.(() => this.#reading.wake());
    await this.#run.beat().catch((error: unknown) => this.#report.interrupted(error));
    if (this.#state !== 'running') return;
    this.#beating.start();
    this.#reading.start();
  }

  /** Begins nothing more; resolves when what was begun is through and its buckets are free for others. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#deaf?.();
    this.#run.stop();
    this.#soon?.cancel();
    this.#sooner?.cancel();
    await this.#reading.close();
    await this.#beating.close();
    await this.#run.close().catch((error: unknown) => this.#report.interrupted(error));
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** How it stands at this moment. */
  snapshot(): OutboxRelaySnapshot {
    const { buckets, open, paused } = this.#run;
    return { name: this.#rules.name, state: this.#state, buckets, open, paused, ...this.#report.counts };
  }

  /** How it was made. */
  describe(): OutboxRelayDescription {
    return { kind: 'outbox-relay', ...this.#rules };
  }

  async #read(): Promise<boolean> {
    const more = await this.#run.round();
    const { nextAt } = this.#run;
    const now = this.#clock.now();
    // Sooner than the loop would look by itself: what waits for the bus waits no longer than it has to.
    if (!more && nextAt - now < this.#rules.pollMs) this.#wakeIn(nextAt - now);
    return more;
  }

  #wakeIn(ms: number): void {
    this.#soon?.cancel();
    this.#soon = this.#clock.schedule(ms, () => this.#reading.wake());
  }

  async #beat(): Promise<boolean> {
    await this.#run.beat();
    const { leaseMs } = this.#rules;
    this.#sooner?.cancel();
    if (this.#run.hungry || this.#clock.now() < this.#youngUntil) {
      this.#sooner = this.#clock.schedule(leaseMs / HUNGRY_BEATS, () => this.#beating.wake());
    }
    return this.#run.mayRelease;
  }
}
