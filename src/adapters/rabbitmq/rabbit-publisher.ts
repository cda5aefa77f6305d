import type { OutRecord, PublishOutcome } from '../../messaging/driver.js';
import type { RabbitPublishing } from './rabbit-client.js';
import { type RabbitLink, within } from './rabbit-link.js';
import type { RabbitNames } from './rabbit-names.js';
import { bufferOf, note, propertiesOf } from './rabbit-record.js';
import { failed, type Letter, RabbitSender } from './rabbit-sender.js';
import {
  deadQueue,
  declareExchanges,
  declareQueue,
  declareWaits,
  type RabbitBounds,
  type TopologyMode,
} from './rabbit-topology.js';
import { AIM, LONGEST_WAIT_MS, waitFor } from './rabbit-wait.js';

/** What the way of a message out depends on. */
export interface PublisherRules extends RabbitBounds {
  readonly topology: TopologyMode;
  readonly mandatory: boolean;
}

/** So long the bus itself waits for the answer to a copy, in ms. */
const ANSWER_MS = 30_000;

/** Finds the way of each message: to its topic, to one queue, and there at once or after a wait. */
export class RabbitPublisher {
  readonly #link: RabbitLink;
  readonly #names: RabbitNames;
  readonly #rules: PublisherRules;
  readonly #sender: RabbitSender;
  /** The levels of waiting that are there, and who is making more of them. */
  #levels = 0;
  #making: Promise<void> = Promise.resolve();
  readonly #dead = new Set<string>();

  constructor(link: RabbitLink, names: RabbitNames, rules: PublisherRules) {
    this.#link = link;
    this.#names = names;
    this.#rules = rules;
    const prepare = () => declareExchanges(link, names, rules.topology);
    this.#sender = new RabbitSender(link, prepare, () => this.#forget());
  }

  async connect(): Promise<void> {
    await this.#sender.open();
  }

  close(): Promise<void> {
    return this.#sender.close();
  }

  async publish(record: OutRecord): Promise<PublishOutcome> {
    const { topic, body, notBefore, expiresAt, group } = record;
    const wall = this.#link.clock.wall();
    const delayMs = notBefore === undefined ? 0 : Math.max(0, notBefore - wall);
    let properties: RabbitPublishing;
    try {
      properties = propertiesOf(record);
      if (delayMs > LONGEST_WAIT_MS) {
        throw new RangeError(`rabbitmq: \`delayMs\` must be <= ${LONGEST_WAIT_MS}, got ${delayMs}`);
      }
    } catch (error) {
      return failed(error, false, false);
    }
    const content = bufferOf(body);
    if (group !== undefined) {
      const queue = record.headers[note.queue] ?? this.#names.group(group, topic);
      return this.#toQueue(queue, { topic, content, properties }, delayMs);
    }
    if (delayMs > 0) return this.#later(topic, false, content, properties, delayMs);
    const ends = expiresAt === undefined ? undefined : String(Math.max(0, Math.ceil(expiresAt - wall)));
    const all = { ...properties, ...(ends === undefined ? {} : { expiration: ends }) };
    const { mandatory } = this.#rules;
    return this.#sender.send({
      exchange: this.#names.topics,
      key: topic,
      content,
      properties: { ...all, mandatory },
    });
  }

  /** Copies a message into a queue. @throws what has kept the server from taking it. */
  async copy(
    queue: string,
    record: Pick<OutRecord, 'topic' | 'id' | 'key' | 'headers' | 'body'>,
    delayMs: number,
  ): Promise<void> {
    const { topic, body } = record;
    const parts = { topic, content: bufferOf(body), properties: propertiesOf(record) };
    const wait = Math.min(delayMs, LONGEST_WAIT_MS);
    const sending = this.#toQueue(queue, parts, wait);
    const outcome = await within(this.#link.clock, ANSWER_MS, `copying into ${queue}`, sending);
    if (!outcome.ok) throw outcome.error;
  }

  /** Copies a message into the dead letters of a queue, which are made where that is allowed. */
  async bury(queue: string, record: Parameters<RabbitPublisher['copy']>[1]): Promise<void> {
    if (!this.#dead.has(queue)) {
      if (this.#rules.topology === 'ensure') await declareQueue(this.#link, queue, deadQueue(this.#rules));
      this.#dead.add(queue);
    }
    try {
      await this.copy(queue, record, 0);
    } catch (error) {
      // It may be gone: the next one looks.
      this.#dead.delete(queue);
      throw error;
    }
  }

  #toQueue(
    queue: string,
    parts: { readonly topic: string; readonly content: Buffer; readonly properties: RabbitPublishing },
    delayMs: number,
  ): Promise<PublishOutcome> {
    const { topic, content } = parts;
    const headers = { ...parts.properties.headers, [note.topic]: topic };
    const properties = { ...parts.properties, headers, mandatory: true };
    if (delayMs > 0) return this.#later(queue, true, content, properties, delayMs);
    return this.#sender.send({ exchange: '', key: queue, content, properties });
  }

  async #later(
    key: string,
    toQueue: boolean,
    content: Buffer,
    properties: RabbitPublishing,
    delayMs: number,
  ): Promise<PublishOutcome> {
    const wait = waitFor(delayMs);
    try {
      await this.#ensureLevel(wait.level);
    } catch (error) {
      return failed(error, true, false);
    }
    const headers = { ...properties.headers, ...wait.headers, [AIM]: toQueue };
    const all = { ...properties, headers, mandatory: true };
    const letter: Letter = { exchange: this.#names.wait(wait.level), key, content, properties: all };
    const outcome = await this.#sender.send(letter);
    if (outcome.ok || outcome.retryable) return outcome;
    // It came back: the queue is gone, and is looked for before the next one.
    this.#levels = 0;
    return { ...outcome, retryable: true };
  }

  /** One after the other: two that make the same at once would only be in each other's way. */
  #ensureLevel(level: number): Promise<void> {
    if (level < this.#levels) return Promise.resolve();
    const made = this.#making.then(async () => {
      if (level < this.#levels) return;
      await declareWaits(this.#link, this.#names, this.#rules.topology, this.#levels, level);
      this.#levels = level + 1;
    });
    this.#making = made.catch(() => {});
    return made;
  }

  #forget(): void {
    this.#levels = 0;
    this.#dead.clear();
  }
}
