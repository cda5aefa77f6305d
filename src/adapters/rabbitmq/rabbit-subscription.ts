import { newId } from '../../kernel/random.js';
import type { DriverSubscription, SubscribeSpec } from '../../messaging/driver.js';
import type { RabbitChannel, RabbitConnection } from './rabbit-client.js';
import { type ConsumerRules, RabbitConsumer } from './rabbit-consumer.js';
import { closeQuietly, type RabbitLink, within } from './rabbit-link.js';
import { bindingOf } from './rabbit-names.js';
import {
  declareExchanges,
  declareGroup,
  groupQueue,
  guestQueue,
  type RabbitBounds,
  topologyError,
} from './rabbit-topology.js';

/** What a subscription is made of. */
export interface SubscriptionParts extends ConsumerRules {
  readonly link: RabbitLink;
  readonly spec: SubscribeSpec;
  readonly bounds: RabbitBounds;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** So long a server that does not answer can hold up an end, in ms. */
const FAREWELL_MS = 5_000;

/** A member of a group: consumes over a channel of its own, and over the next one when that is gone. */
export class RabbitSubscription implements DriverSubscription {
  readonly #parts: SubscriptionParts;
  #channel: RabbitChannel | undefined;
  #consumer: RabbitConsumer | undefined;
  #queue = '';
  /** The one that has it, where it is that of a subscriber without a group. */
  #owner: RabbitConnection | undefined;
  /** What was asked for while there is no channel. */
  #credit = 0;
  #closed = false;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
  }

  /** @throws TopologyError when the queue is not there, or is otherwise. */
  async open(): Promise<void> {
    const { link, names, spec, bounds } = this.#parts;
    const { group, pattern, topology, order } = spec;
    if (group !== undefined) {
      this.#queue = names.group(group, pattern);
      const declaration = groupQueue(bounds, order === 'topic');
      await declareGroup(link, names, topology, this.#queue, pattern, declaration);
    } else await declareExchanges(link, names, topology);
    const connection = await link.get();
    // As long as its connection is there the queue is, too, with what nobody has had yet.
    if (group === undefined && this.#owner !== connection) this.#queue = names.guest(newId());
    this.#owner = connection;
    const channel = await connection.createChannel();
    let gone: unknown;
    channel.on('error', (error: Error) => {
      gone = error;
    });
    channel.on('close', () => {
      gone ??= new Error('rabbitmq: the channel is closed');
      // The connection tells its error before it closes its channels, or right after.
      queueMicrotask(() => this.#lose(channel, link.ended ?? gone));
    });
    try {
      await this.#enter(channel);
    } catch (error) {
      await closeQuietly(channel);
      throw error;
    }
    if (gone !== undefined) throw gone;
    if (this.#closed) await this.#part(channel);
    else this.#begin(channel);
  }

  request(count: number): void {
    if (this.#consumer === undefined) this.#credit += count;
    else this.#consumer.request(count);
  }

  async pause(): Promise<void> {
    this.#credit = 0;
    await this.#consumer?.pause();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const consumer = this.#consumer;
    try {
      await within(this.#parts.clock, FAREWELL_MS, 'the end of a subscription', this.#leave());
    } catch {
      // The server takes back what is not settled when the connection ends.
    }
    consumer?.end();
  }

  async #leave(): Promise<void> {
    const [channel, consumer, owner] = [this.#channel, this.#consumer, this.#owner];
    if (channel !== undefined && consumer !== undefined) {
      await consumer.finish();
      await this.#part(channel);
    } else if (owner !== undefined && this.#parts.spec.group === undefined) {
      // Its channel was lost a moment ago, and the connection still has its queue.
      const last = await owner.createChannel();
      last.on('error', () => {});
      await this.#part(last);
    }
  }

  async #part(channel: RabbitChannel): Promise<void> {
    if (this.#parts.spec.group === undefined) await channel.deleteQueue(this.#queue);
    await closeQuietly(channel);
  }

  #begin(channel: RabbitChannel): void {
    const { link } = this.#parts;
    const ended = (error: unknown) => this.#lose(channel, link.ended ?? error);
    this.#channel = channel;
    this.#consumer = new RabbitConsumer(this.#parts, channel, this.#queue, ended);
    if (this.#credit > 0) this.#consumer.request(this.#credit);
    this.#credit = 0;
    this.#parts.sink.ready();
  }

  /** What needs the channel itself; what is wrong with it closes it, which is told as it is. */
  async #enter(channel: RabbitChannel): Promise<void> {
    const { names, spec, bounds } = this.#parts;
    const { group, topology, pattern } = spec;
    try {
      if (group === undefined) {
        await channel.assertQueue(this.#queue, guestQueue(bounds));
        await channel.bindQueue(this.#queue, names.topics, bindingOf(pattern));
        await channel.bindQueue(this.#queue, names.to, this.#queue);
      } else if (topology === 'none') await channel.checkQueue(this.#queue);
    } catch (error) {
      if (topology === 'ensure') throw error;
      throw topologyError(error, `the queue ${this.#queue}`) ?? error;
    }
  }

  #lose(channel: RabbitChannel, error: unknown): void {
    const consumer = this.#consumer;
    if (this.#closed || this.#channel !== channel || consumer === undefined) return;
    this.#credit = consumer.credit;
    consumer.end();
    this.#consumer = undefined;
    this.#channel = undefined;
    void closeQuietly(channel);
    this.#parts.sink.lost(error);
    this.#again(FIRST_PAUSE_MS);
  }

  #again(pauseMs: number): void {
    const { clock } = this.#parts;
    // Somebody waits for messages: the process must live to get them.
    clock.schedule(
      pauseMs,
      () => {
        if (this.#closed) return;
        this.open().catch(() => this.#again(Math.min(2 * pauseMs, LONGEST_PAUSE_MS)));
      },
      true,
    );
  }
}
