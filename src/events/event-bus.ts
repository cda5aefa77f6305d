import { type Clock, systemClock } from '../kernel/clock.js';
import { checkFlag, checkKeys, checkNumber, checkOneOf, orNull, refuse } from '../kernel/options.js';
import { Dispatcher } from './dispatcher.js';
import {
  type BusRules,
  busDefaults,
  checkBusOptions,
  checkSignal,
  checkTimeout,
  type EventBusDescription,
  type EventBusOptions,
  type EventBusSnapshot,
  type IterateOptions,
  type ListenOptions,
  type OnceOptions,
} from './event-bus-options.js';
import {
  type Call,
  type EventListener,
  isThenable,
  Told,
  underPolicy,
  withinTime,
} from './event-listener.js';
import type { EventOf, KnownPattern, Matching, NamesOf, PayloadArguments, PayloadOf } from './event-names.js';
import { EventStream } from './event-stream.js';
import { ListenerRoll } from './listener-roll.js';
import { waitOnce } from './wait-once.js';

const nothing = (): void => {};

/**
 * Events within a process: whoever emits one knows nothing of those who listen. A listener that fails affects
 * no other one; `emit` settles when all have, and rejects with one `ListenersFailedError` that holds
 * everything they threw.
 *
 * An event goes to those who listen when it is emitted, in the order in which they came. What a listener
 * emits is told when all others have heard of the present event; a listener that is taken off in the meantime
 * does not hear of it.
 *
 * @example
 * ```ts
 * import { EventBus } from 'keelson/events';
 *
 * const bus = new EventBus<{ 'order.placed': { id: string }; 'order.paid': { id: string } }>();
 * const seen: string[] = [];
 * const off = bus.on('order.*', ({ id }, { name }) => seen.push(`${name} ${id}`));
 * await bus.emit('order.placed', { id: 'o-1' });
 * off();
 * seen; // => ['order.placed o-1']
 * ```
 */
export class EventBus<Events extends object = Record<string, unknown>, Emitted extends object = Events> {
  readonly #rules: BusRules;
  readonly #options: EventBusOptions<Events, Emitted>;
  readonly #roll: ListenerRoll;
  readonly #dispatcher: Dispatcher;
  readonly #names: ReadonlySet<string> | undefined;
  #dropped = 0;
  #closing: Promise<void> | undefined;

  constructor(options: EventBusOptions<Events, Emitted> = {}) {
    this.#rules = checkBusOptions(options as EventBusOptions<object>);
    this.#options = options;
    if (options.registry !== undefined) this.#names = new Set(options.registry.names);
    this.#roll = new ListenerRoll(this.name, this.#rules.maxListeners, this.#names);
    this.#dispatcher = new Dispatcher(this.#rules);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof busDefaults {
    return busDefaults;
  }

  /** Shown in errors and `describe()`. */
  get name(): string {
    return this.#rules.name;
  }

  /**
   * Calls `listener` for each event of that name, or of a name that the pattern matches: `*` stands for one
   * token, `>` at the end for one or more. The function returned stops it; so does the signal.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; `ERR_EVENT_OVERFLOW` when
   * there are `maxListeners`; `ERR_BUS_CLOSED` after `close()`.
   */
  on<P extends string>(
    pattern: P & KnownPattern<Events, P>,
    listener: EventListener<PayloadOf<Events, P>, Matching<Events, P>>,
    options: ListenOptions = {},
  ): () => void {
    const owner = 'on';
    checkKeys(owner, options, ['signal', 'once', 'timeoutMs', 'policy']);
    if (typeof listener !== 'function') refuse(owner, 'listener', 'a function', listener);
    const { signal, once = false, policy } = options;
    const timeoutMs = checkTimeout(owner, options.timeoutMs);
    checkSignal(owner, signal);
    checkFlag(owner, 'once', once);
    if (policy !== undefined && typeof policy?.execute !== 'function') {
      refuse(owner, 'policy', 'a policy', policy);
    }
    const limited = timeoutMs < Infinity;
    let call = listener as unknown as Call;
    if (policy !== undefined) call = underPolicy(call, policy, limited);
    if (limited) call = withinTime(call, timeoutMs, this.#clock, this.name);
    return this.#roll.listen({ owner, pattern, call, signal, once, deferred: policy !== undefined });
  }

  /**
   * The payload of the next event of that name or pattern, for which `where` holds. Rejects with the reason
   * of the signal, `ERR_TIMEOUT`, `ERR_BUS_CLOSED` when the bus is closed, or what `where` throws.
   */
  once<P extends string>(
    pattern: P & KnownPattern<Events, P>,
    options: OnceOptions<PayloadOf<Events, P>> = {},
  ): Promise<PayloadOf<Events, P>> {
    return waitOnce(this.#roll, { name: this.name, clock: this.#clock }, pattern, options);
  }

  /**
   * The events of that name or pattern from now on, to be read with `for await`. It listens at once, and
   * until it is left: by `break`, by its limit, by the signal or by `close()`.
   *
   * @throws as `on`.
   */
  iterate<P extends string>(
    pattern: P & KnownPattern<Events, P>,
    options: IterateOptions = {},
  ): EventStream<EventOf<Events, P>> {
    const owner = 'iterate';
    checkKeys(owner, options, ['signal', 'limit', 'buffer', 'overflow']);
    const { signal, limit = Infinity, buffer = 1000, overflow = 'error' } = options;
    checkSignal(owner, signal);
    checkNumber(owner, 'limit', limit, { min: 1, integer: true, infinity: true });
    checkNumber(owner, 'buffer', buffer, { min: 1, integer: true });
    checkOneOf(owner, 'overflow', overflow, ['error', 'drop-oldest', 'drop-newest']);
    let off = nothing;
    const stream = new EventStream<unknown>({
      owner: this.name,
      limit,
      buffer,
      overflow,
      onEnd: () => off(),
      onDrop: () => {
        this.#dropped++;
      },
    });
    off = this.#roll.listen({
      owner,
      pattern,
      call: (payload, { name }) => stream.push({ name, payload }),
      signal,
      onEnd: () => {
        if (signal?.aborted) stream.abort(signal.reason);
        else stream.end();
      },
    });
    if (signal?.aborted) stream.abort(signal.reason);
    return stream as EventStream<EventOf<Events, P>>;
  }

  /**
   * Tells everybody who listens now. The promise settles when all of them have: it rejects with one
   * `ERR_LISTENERS_FAILED` for all that failed, with `ERR_INVALID_EVENT` when the registry refuses the
   * payload, with `ERR_EVENT_OVERFLOW` when too many events wait or cause one another, with `ERR_BUS_CLOSED`
   * after `close()`, and with a `TypeError` for a name that is none. It throws nothing at once.
   */
  emit<N extends NamesOf<Emitted>>(name: N, ...payload: PayloadArguments<Emitted[N]>): Promise<void>;
  emit(name: string, payload?: unknown): Promise<void> {
    try {
      const listeners = this.#roll.of(name);
      const info = new Told(name, payload);
      if (this.#names === undefined) return this.#dispatcher.dispatch(listeners, payload, info);
      const checked = this.#options.registry!.validate(name, payload);
      return isThenable(checked)
        ? Promise.resolve(checked).then(valid => this.#dispatcher.dispatch(listeners, valid, info))
        : this.#dispatcher.dispatch(listeners, checked, info);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Tells everybody who listens, all of it before it returns, and throws what `emit` would reject with. A
   * listener that answers with a promise fails with a `TypeError`; one under a policy cannot be told.
   */
  emitSync<N extends NamesOf<Emitted>>(name: N, ...payload: PayloadArguments<Emitted[N]>): void;
  emitSync(name: string, payload?: unknown): void {
    const listeners = this.#roll.of(name);
    const deferred = listeners.find(listener => listener.deferred);
    if (deferred !== undefined) {
      throw new TypeError(`emitSync: a listener of "${deferred.pattern}" stands under a policy; use emit`);
    }
    let checked = payload;
    if (this.#names !== undefined) {
      checked = this.#options.registry!.validate(name, payload);
      if (isThenable(checked)) {
        Promise.resolve(checked).catch(nothing);
        throw new TypeError(`emitSync: "${name}" is validated asynchronously; use emit`);
      }
    }
    this.#dispatcher.dispatchSync(listeners, checked, new Told(name, payload));
  }

  /**
   * Takes no more events and listeners, and resolves when all listeners have settled; then everybody is taken
   * off, iterators end and those who wait by `once` get `ERR_BUS_CLOSED`. A listener must not await it.
   */
  close(): Promise<void> {
    this.#roll.closed = true;
    this.#closing ??= this.#dispatcher.idle().then(() => this.#roll.clear());
    return this.#closing;
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** How it stands at this moment. */
  snapshot(): EventBusSnapshot {
    const { emitted, delivered, failed, running, queued } = this.#dispatcher;
    return {
      name: this.name,
      listeners: this.#roll.size,
      patterns: this.#roll.counts(),
      emitted,
      delivered,
      failed,
      dropped: this.#dropped,
      running,
      queued,
      closed: this.#roll.closed,
    };
  }

  /** How it was made. */
  describe(): EventBusDescription {
    const { name, mode, concurrency, maxListeners, maxQueued, maxDepth } = this.#rules;
    const events = this.#names === undefined ? null : [...this.#names];
    return {
      kind: 'event-bus',
      name,
      mode,
      concurrency: orNull(concurrency),
      maxListeners,
      maxQueued,
      maxDepth,
      events,
    };
  }

  get #clock(): Clock {
    return this.#options.clock ?? systemClock;
  }
}
