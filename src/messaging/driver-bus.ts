import { checkPattern, hasWildcard } from '../core/topic-pattern.js';
import { BusClosedError } from '../kernel/bus-errors.js';
import { Emitter, type Listener } from '../kernel/events.js';
import { checkNumber, refuse } from '../kernel/options.js';
import { newId } from '../kernel/random.js';
import { type BusOptions, type BusRules, checkBus } from './bus-options.js';
import { BusSubscription } from './bus-subscription.js';
import { type Capabilities, requireCapability } from './capabilities.js';
import { type SubscriptionEvents, subscriptionEvents } from './consumer-events.js';
import { DeadLetterReader, type DeadLetters } from './dead-letters.js';
import type { Driver, OutRecord } from './driver.js';
import type { Handler } from './handling.js';
import type { Message } from './message.js';
import type {
  BusEvents,
  BusSnapshot,
  MessageBus,
  PublishOptions,
  PublishResult,
  RequestOptions,
  Subscription,
} from './message-bus.js';
import { Envelope, OwnRecord } from './own-record.js';
import type { Published } from './pending-publish.js';
import { draftOf, type PublishCall } from './publish-options.js';
import { Publisher } from './publisher.js';
import type { Received } from './received.js';
import { ReplyBox } from './reply-box.js';
import { type Reply, Requests, replyOf } from './requests.js';
import type { SqlTransaction } from './sql-transaction.js';
import { checkSubscribe, type SubscribeOptions } from './subscribe-options.js';
import { type Topic, topic as topicOf } from './topic.js';
import { TransactionalPublisher } from './transactional-publisher.js';

const REQUEST_MS = 10_000;
const LONGEST_REQUEST_MS = 2 ** 40;

/** A bus over whatever a driver speaks to. */
export class DriverBus<C extends Capabilities> implements MessageBus<C> {
  readonly name: string;
  readonly capabilities: C;
  readonly #driver: Driver<C>;
  readonly #rules: BusRules;
  readonly #envelope: Envelope;
  readonly #publisher: Publisher;
  readonly #transactional: TransactionalPublisher;
  readonly #requests: Requests;
  readonly #subscriptions = new Set<BusSubscription>();
  readonly #emitter = new Emitter<BusEvents>(['published', 'publishFailed']);
  readonly #connectOnce = (): Promise<void> => this.connect();
  readonly #unlessConnected = (): Promise<void> | undefined => (this.#isConnected ? undefined : this.#open());
  #isConnected = false;
  #connected: Promise<void> | undefined;
  readonly #replies: ReplyBox;
  #closed: Promise<void> | undefined;

  constructor(driver: Driver<C>, rules: BusRules) {
    this.#driver = driver;
    this.#rules = rules;
    this.name = rules.name;
    this.capabilities = driver.capabilities;
    this.#envelope = new Envelope(rules.source, driver.attributePrefix, rules.codec, rules.passByReference);
    const { clock, publishTimeoutMs, maxPublishing } = rules;
    this.#publisher = new Publisher(driver, this.#unlessConnected, clock, publishTimeoutMs, maxPublishing);
    this.#transactional = new TransactionalPublisher(driver);
    this.#requests = new Requests(clock);
    this.#replies = new ReplyBox(box => {
      const options = { group: null, concurrency: 100, failure: { redeliver: [] } };
      const take = (message: Message): Promise<void> => this.#requests.receive(message);
      return this.subscribe(box, options as SubscribeOptions<C>, take);
    });
  }

  connect(): Promise<void> {
    if (this.#closed !== undefined)
      return Promise.reject(new BusClosedError(`${this.name}: the bus is closed`));
    return this.#open();
  }

  /** Also while it is being closed: what was given to it before goes out, and what its handlers publish. */
  #open(): Promise<void> {
    this.#connected ??= this.#driver.connect().then(
      () => {
        this.#isConnected = true;
      },
      (error: unknown) => {
        // The next one who needs it tries again.
        this.#connected = undefined;
        throw error;
      },
    );
    return this.#connected;
  }

  publish<In>(topic: Topic<In>, data: In, options?: PublishOptions<C>): Promise<Published> {
    const said = options as PublishOptions | undefined;
    try {
      const checked = topic.check(data);
      if (checked === undefined) return this.#send(topic, data, said, undefined);
      return checked.then(() => this.#send(topic, data, said, undefined));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async publishAll<In>(
    topic: Topic<In>,
    data: readonly In[],
    options?: Omit<PublishOptions<C>, 'id' | 'idempotencyKey' | 'key'>,
  ): Promise<readonly PublishResult[]> {
    const all = data.map(each => this.publish(topic, each, options as PublishOptions<C>));
    const settled = await Promise.allSettled(all);
    return settled.map(one =>
      one.status === 'fulfilled' ? { ok: true, ...one.value } : { ok: false, error: one.reason },
    );
  }

  subscribe<Out>(
    from: Topic<never, Out> | string,
    options: SubscribeOptions<C>,
    handler: Handler<Out>,
  ): Subscription {
    return this.#consume(from, options, handler as Handler<unknown>, undefined);
  }

  respond<Out>(topic: Topic<never, Out>, options: SubscribeOptions<C>, handler: Handler<Out>): Subscription {
    const once = { ...options, failure: { redeliver: [], ...options.failure } };
    return this.#consume(topic, once, handler as Handler<unknown>, (received, ok, result) =>
      this.#reply(received, ok, result),
    );
  }

  async request<In, Out = unknown>(
    topic: Topic<In>,
    data: In,
    options: RequestOptions<Out> = {},
  ): Promise<Out> {
    const { timeoutMs = REQUEST_MS, signal, schema, ...facts } = options;
    requireCapability(this.capabilities.fanOut, this.#driver.name, 'request', 'fan-out');
    checkNumber('request', 'timeoutMs', timeoutMs, { above: 0, max: LONGEST_REQUEST_MS });
    const deadline = this.#rules.clock.wall() + timeoutMs;
    const checked = topic.check(data);
    if (checked !== undefined) await checked;
    const id = facts.id ?? newId();
    const send = async (isWanted: () => boolean): Promise<void> => {
      const replyTo = await this.#replies.address();
      if (isWanted()) await this.#send(topic, data, { ...facts, id }, { replyTo, deadline });
    };
    return this.#requests.wait({ id, timeoutMs, signal, schema }, send) as Promise<Out>;
  }

  deadLetters<Out>(topic: Topic<never, Out>, group: string): DeadLetters {
    const driver = this.#driver;
    const browses = driver.capabilities.browseDeadLetters;
    requireCapability(browses, driver.name, 'deadLetters', 'dead letters that can be looked through');
    return new DeadLetterReader(driver, this.#envelope, topic.name, group, this.#connectOnce);
  }

  on<Name extends keyof BusEvents>(event: Name, listener: Listener<BusEvents[Name]>): () => void {
    return this.#emitter.on(event, listener);
  }

  snapshot(): BusSnapshot {
    return {
      name: this.name,
      driver: this.#driver.name,
      closed: this.#closed !== undefined,
      publishing: this.#publisher.pending,
      requesting: this.#requests.size,
      subscriptions: [...this.#subscriptions].map(subscription => subscription.snapshot()),
    };
  }

  describe() {
    const { name, capabilities } = this;
    return { kind: 'message-bus' as const, name, driver: this.#driver.name, capabilities };
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#subscriptions].map(subscription => subscription.close()));
    this.#requests.close();
    await this.#publisher.close();
    await this.#driver.close();
  }

  #send<In>(
    topic: Topic<In>,
    data: In,
    options: PublishOptions | undefined,
    call: PublishCall | undefined,
  ): Promise<Published> {
    const transaction: SqlTransaction | undefined = options?.transaction;
    const { clock, ids } = this.#rules;
    const draft = draftOf(topic, data, options, call, this.#driver, clock.wall(), ids);
    // A policy may send it again: its id is known then.
    const once = this.#rules.publishPolicy === undefined;
    const record = new OwnRecord(this.#envelope, once ? draft : { ...draft, fresh: false });
    const sent = transaction === undefined ? this.#hand(record) : this.#within(record, transaction);
    return this.#emitter.has('published') || this.#emitter.has('publishFailed')
      ? this.#telling(sent, record.id, topic.name)
      : sent;
  }

  #hand(record: OutRecord): Promise<Published> {
    const { publishPolicy } = this.#rules;
    if (publishPolicy === undefined) return this.#publisher.send(record);
    return publishPolicy.execute(() => this.#publisher.send(record), { idempotencyKey: record.id });
  }

  /** No policy stands around it: after a failure the transaction takes no second try. */
  async #within(record: OutRecord, transaction: SqlTransaction): Promise<Published> {
    await this.connect();
    return this.#transactional.send(record, transaction);
  }

  async #telling(sent: Promise<Published>, id: string, topic: string): Promise<Published> {
    const at = this.#rules.clock.wall();
    try {
      const published = await sent;
      this.#emitter.emit('published', { at, id, topic });
      return published;
    } catch (error) {
      this.#emitter.emit('publishFailed', { at, id, topic, error });
      throw error;
    }
  }

  #consume(
    from: Topic<never> | string,
    options: SubscribeOptions<C>,
    handler: Handler<unknown>,
    reply: ((received: Received, ok: boolean, result: unknown) => Promise<void>) | undefined,
  ): Subscription {
    const driver = this.#driver;
    const { clock, maxSubscriptions } = this.#rules;
    if (this.#closed !== undefined) throw new BusClosedError(`${this.name}: the bus is closed`);
    if (this.#subscriptions.size >= maxSubscriptions) {
      throw new RangeError(`${this.name}: \`maxSubscriptions\` must be more, got ${maxSubscriptions}`);
    }
    if (typeof handler !== 'function') refuse('subscribe', 'handler', 'a function', handler);
    const pattern = typeof from === 'string' ? from : from.name;
    const wrong = checkPattern(pattern);
    if (wrong !== undefined) refuse('subscribe', 'topic', wrong, pattern);
    const wild = hasWildcard(pattern);
    requireCapability(!wild || driver.capabilities.wildcards, driver.name, pattern, 'wildcards');
    const rules = checkSubscribe(options as SubscribeOptions, driver);
    const read =
      typeof from === 'string'
        ? (_topic: string, data: unknown) => data
        : (_topic: string, data: unknown, version: number) => from.read(data, version);
    const emitter = new Emitter<SubscriptionEvents>(subscriptionEvents);
    const envelope = this.#envelope;
    const parts = { driver, clock, envelope, rules, read, handler, emitter, reply };
    const forget = (ended: BusSubscription): void => void this.#subscriptions.delete(ended);
    const subscription = new BusSubscription(parts, pattern, this.#connectOnce, forget);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async #reply(received: Received, ok: boolean, result: unknown): Promise<void> {
    if (received.replyTo === undefined) return;
    const topic = topicOf<Reply>(received.replyTo);
    const causedBy = { ...received.message, data: undefined };
    await this.#send(topic, replyOf(ok, result), { causedBy }, undefined);
  }
}

/**
 * A bus over a broker. Its driver comes from a subpath of its own, such as `keelson/redis`.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function createBus<C extends Capabilities>(
  driver: Driver<C>,
  options: BusOptions = {},
): MessageBus<C> {
  if (typeof (driver as Driver<C> | undefined)?.subscribe !== 'function') {
    refuse('createBus', 'driver', 'a Driver', driver);
  }
  return new DriverBus(driver, checkBus('createBus', options));
}
