import { type Clock, systemClock } from '../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { WorkLoop } from '../kernel/work-loop.js';
import {
  type DiscardedFromProcess,
  type ParkedChoice,
  type ParkedListOptions,
  type ParkedProcess,
  ProcessAdmin,
} from './process-admin.js';
import type { BusMessage, ProcessBus, ProcessSubscription } from './process-bus.js';
import type { AnyProcess, ProcessTopics } from './process-definition.js';
import { type ProcessEvents, processEvents } from './process-events.js';
import { checkMessage } from './process-message.js';
import {
  checkManager,
  type ProcessDefaults,
  type ProcessManagerDescription,
  type ProcessManagerOptions,
  type ProcessManagerSnapshot,
  type ProcessOutcome,
  processDefaults,
} from './process-options.js';
import { ProcessRelay } from './process-relay.js';
import { ProcessRunner } from './process-runner.js';
import type { ProcessStore } from './process-store.js';

/** A process as it stands. */
export interface ProcessInstance<State> {
  /** Which of them. */
  readonly key: string;
  /** Its state. */
  readonly state: State;
  /** How often it was changed. */
  readonly version: number;
  /** Whether it has come to its end. */
  readonly ended: boolean;
  /** The messages that came after its end. */
  readonly late: number;
  /** The timeouts that run. */
  readonly timeouts: readonly string[];
}

const PURGE_LIMIT = 5_000;

/** What its functions are is checked by the definition; here they take whatever comes. */
interface Whole {
  readonly process: AnyProcess;
  readonly bus: ProcessBus<object>;
  readonly store: ProcessStore;
  readonly subscribe?: object;
  readonly clock?: Clock;
}

/**
 * Runs processes that live by messages: each message, what a process makes of it and what it sends are one
 * transaction, so that a crash at any point neither loses nor doubles anything.
 *
 * @example
 * ```ts
 * import { InMemoryBus, topic } from 'keelson/messaging';
 * import { defineProcess, InMemoryProcessStore, ProcessManager } from 'keelson/saga';
 *
 * const placed = topic<{ id: string }>('orders.placed');
 * const bill = topic<{ order: string }>('billing.bill');
 * const bus = new InMemoryBus();
 * const manager = new ProcessManager({
 *   process: defineProcess({
 *     name: 'order',
 *     receives: { placed },
 *     sends: { bill },
 *     initial: () => ({ placed: false }),
 *     correlate: ({ data }) => data.id,
 *     decide: (_, { data }) => {
 *       return { events: ['placed'], send: [{ to: 'bill' as const, data: { order: data.id } }] };
 *     },
 *     evolve: (_, event: string) => ({ placed: event === 'placed' }),
 *   }),
 *   bus,
 *   store: new InMemoryProcessStore(),
 * });
 * await manager.start();
 * await bus.publish(placed, { id: 'o-1' });
 * await manager.close();
 * await bus.close();
 * ```
 */
export class ProcessManager<
  State,
  Event,
  Receives extends ProcessTopics,
  Sends extends ProcessTopics,
  Timeouts extends string,
  Subscribe extends object,
> implements Observable<ProcessEvents>, AsyncDisposable
{
  readonly #definition: AnyProcess;
  readonly #rules: ProcessDefaults;
  readonly #whole: Whole;
  readonly #clock: Clock;
  readonly #runner: ProcessRunner;
  readonly #relay: ProcessRelay;
  readonly #admin: ProcessAdmin;
  readonly #loops: readonly WorkLoop[];
  readonly #events = new Emitter<ProcessEvents>(processEvents);
  readonly #subscriptions: ProcessSubscription[] = [];
  #state: ProcessManagerSnapshot['state'] = 'idle';

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: ProcessManagerOptions<State, Event, Receives, Sends, Timeouts, Subscribe>) {
    const rules = checkManager(options);
    this.#rules = rules;
    this.#whole = options as unknown as Whole;
    this.#definition = this.#whole.process;
    this.#clock = options.clock ?? systemClock;
    const { pollMs, purgeEveryMs } = rules;
    const { store } = this.#whole;
    const [relay, timeouts, purge] = [
      this.#loop(() => this.#relay.round(), pollMs),
      this.#loop(() => this.#runner.wakeDue(), pollMs),
      this.#loop(() => this.#purge(), purgeEveryMs),
    ];
    const common = { rules, store, clock: this.#clock, events: this.#events };
    this.#runner = new ProcessRunner({
      ...common,
      definition: this.#definition,
      onSends: () => relay.wake(),
    });
    this.#relay = this.#makeRelay();
    const tell: ProcessRunner['tell'] = (event, facts) => this.#runner.tell(event, facts);
    this.#admin = new ProcessAdmin(this.#definition.name, store, tell, () => relay.wake());
    this.#loops = [...(rules.relays ? [relay, timeouts] : []), ...(purgeEveryMs < Infinity ? [purge] : [])];
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof processDefaults {
    return processDefaults;
  }

  on<Name extends keyof ProcessEvents>(event: Name, listener: Listener<ProcessEvents[Name]>): () => void {
    return this.#events.on(event, listener);
  }

  /** Subscribes, and begins to publish and to wake; resolves when messages come. */
  async start(): Promise<void> {
    if (this.#state !== 'idle') {
      throw new TypeError(`${this.#definition.name}: start: it must be idle, is ${this.#state}`);
    }
    this.#state = 'running';
    const { bus, subscribe } = this.#whole;
    const { name, receives } = this.#definition;
    for (const [type, topic] of Object.entries(receives)) {
      const handler = (message: BusMessage): Promise<unknown> => this.#runner.receive(type, message);
      this.#subscriptions.push(bus.subscribe(topic, { ...subscribe, group: name }, handler));
    }
    for (const loop of this.#loops) loop.start();
    await Promise.all(this.#subscriptions.map(({ ready }) => ready));
  }

  /**
   * Handles one message that did not come over the bus: the same id again is the same message.
   *
   * @throws TypeError or RangeError without an id, or when it is closed; ProcessNotStartedError,
   * ProcessConflictError, ProcessBacklogError, ProcessDecisionError; what the functions of the definition,
   * its topics or the store throw. Then nothing was written.
   */
  async handle<Type extends keyof Receives & string>(
    type: Type,
    message: { readonly id: string; readonly data: unknown } & Partial<BusMessage>,
  ): Promise<ProcessOutcome> {
    const { name, receives } = this.#definition;
    const checked = checkMessage(Object.keys(receives), type, message);
    if (this.#state === 'closed') throw new TypeError(`${name}: handle: it is closed`);
    return this.#runner.receive(type, checked);
  }

  /** A process as it stands; `undefined` when it was never started, or is forgotten. */
  async get(key: string): Promise<ProcessInstance<State> | undefined> {
    const { saved } = await this.#whole.store.load(this.#definition.name, key, undefined, 0);
    if (saved === undefined) return undefined;
    const { version, ended, late, timeouts } = saved;
    const state = JSON.parse(saved.state) as State;
    return { key, state, version, ended, late, timeouts: Object.keys(timeouts) };
  }

  /**
   * The processes whose commands stand still, one command of each, by an order of their keys.
   *
   * @throws TypeError or RangeError that names the option; what the store throws.
   */
  parked(options: ParkedListOptions = {}): Promise<readonly ParkedProcess[]> {
    return this.#admin.parked(options);
  }

  /**
   * Tries what is parked of a process again, with all its tries, and then what waits behind it; `false` where
   * nothing is parked.
   */
  retryParked(key: string): Promise<boolean> {
    return this.#admin.retry(key);
  }

  /**
   * Tries all again that is parked now, or what `where` chooses of it, as by {@link retryParked}; of how many
   * processes it was. What is parked anew meanwhile is let be.
   */
  retryAllParked(options: ParkedChoice = {}): Promise<number> {
    return this.#admin.retryAll(options);
  }

  /**
   * Throws away the commands that are parked now, or those that `where` chooses, as by {@link discardParked}:
   * one of each process. How many it were.
   *
   * @throws TypeError without a reason.
   */
  discardAllParked(reason: string, options: ParkedChoice = {}): Promise<number> {
    return this.#admin.discardAll(reason, options);
  }

  /**
   * Throws away the command of a process that is parked, and goes on with what waits behind it; `false` where
   * it is not this one that is parked. It is kept with the reason for `retentionMs`: see `discarded()`.
   *
   * @throws TypeError without a reason.
   */
  discardParked(key: string, id: string, reason: string): Promise<boolean> {
    return this.#admin.discard(key, id, reason);
  }

  /** The commands that were thrown away within `retentionMs`, in that order. */
  discarded(options: ParkedListOptions = {}): Promise<readonly DiscardedFromProcess[]> {
    return this.#admin.discarded(options);
  }

  /**
   * Handles no more; resolves when what has begun is through, and rejects then with what a subscription could
   * not be closed for. Bus and store stay open.
   */
  async close(): Promise<void> {
    this.#state = 'closed';
    const ends = await Promise.allSettled(this.#subscriptions.map(subscription => subscription.close()));
    await Promise.all(this.#loops.map(loop => loop.close()));
    await Promise.all([this.#relay.idle(), this.#runner.idle()]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** How it stands at this moment. */
  snapshot(): ProcessManagerSnapshot {
    return { process: this.#definition.name, state: this.#state, ...this.#runner.counts };
  }

  /** How it was made. */
  describe(): ProcessManagerDescription {
    const { name, receives, sends = {}, timeouts = {} } = this.#definition;
    const names = (topics: ProcessTopics): string[] => Object.values(topics).map(topic => topic.name);
    const parts = { receives: names(receives), sends: names(sends), timeouts };
    return { kind: 'process-manager', process: name, ...parts, ...this.#rules };
  }

  #loop(work: () => Promise<boolean>, everyMs: number): WorkLoop {
    return new WorkLoop(work, error => this.#interrupted(error), everyMs, this.#clock);
  }

  #interrupted(error: unknown): void {
    if (!this.#events.has('interrupted')) return;
    this.#events.emit('interrupted', { process: this.#definition.name, error, at: this.#clock.wall() });
  }

  #makeRelay(): ProcessRelay {
    const { bus, store } = this.#whole;
    const { name, sends = {} } = this.#definition;
    const { batch, leaseMs } = this.#rules;
    const runner = this.#runner;
    return new ProcessRelay({
      ...{ process: name, topics: sends, bus, outbox: store, clock: this.#clock },
      ...{ batch, leaseMs, rules: this.#rules },
      onPublished: () => {
        runner.counts.published++;
      },
      onFailed: (key, failed) => runner.tell('publishFailed', { key, ...failed }),
      onParked: (key, parked) => {
        runner.counts.parked++;
        runner.tell('parked', { key, ...parked });
      },
      onInterrupted: error => this.#interrupted(error),
    });
  }

  async #purge(): Promise<boolean> {
    const { store, process } = this.#whole;
    return (await store.purge(process.name, this.#rules.retentionMs, PURGE_LIMIT)) >= PURGE_LIMIT;
  }
}
