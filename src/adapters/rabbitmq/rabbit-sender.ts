import { factOf } from '../../kernel/errors.js';
import type { PublishOutcome } from '../../messaging/driver.js';
import type { RabbitConfirmChannel, RabbitMessage, RabbitPublishing } from './rabbit-client.js';
import { closeQuietly, FAREWELL_MS, type RabbitLink, within } from './rabbit-link.js';

/** A message as it goes out. */
export interface Letter {
  readonly exchange: string;
  readonly key: string;
  readonly content: Buffer;
  readonly properties: RabbitPublishing;
}

/** So much may be without an answer at a time: messages, and bytes of their bodies. */
const MOST_UNANSWERED = 20_000;
const MOST_BYTES = 64 * 1_048_576;

/** An outcome that is none. */
export function failed(error: unknown, retryable: boolean, maybeStored: boolean): PublishOutcome {
  return { ok: false, error, retryable, maybeStored };
}

/**
 * Sends messages over a channel with confirms, on a connection of its own: a server that is short of memory
 * stops reading those that publish.
 */
export class RabbitSender {
  readonly #link: RabbitLink;
  readonly #prepare: () => Promise<void>;
  readonly #lost: () => void;
  /** What became of those that had to arrive somewhere, by the token of each. */
  readonly #returned = new Map<string, string | undefined>();
  #channel: Promise<RabbitConfirmChannel> | undefined;
  #tokens = 0;
  #unanswered = 0;
  #bytes = 0;

  /** `prepare` runs before each new channel; `lost` when one is gone. */
  constructor(link: RabbitLink, prepare: () => Promise<void>, lost: () => void) {
    this.#link = link;
    this.#prepare = prepare;
    this.#lost = lost;
  }

  /** Makes sure that it could be sent now. */
  async open(): Promise<RabbitConfirmChannel> {
    if (this.#channel === undefined) {
      const opening = this.#make();
      this.#channel = opening;
      opening.catch(() => this.#forget(opening));
    }
    return this.#channel;
  }

  async send(letter: Letter): Promise<PublishOutcome> {
    let channel: RabbitConfirmChannel;
    try {
      channel = await this.open();
    } catch (error) {
      return failed(error, factOf(error, 'code') !== 'ERR_TOPOLOGY', false);
    }
    const why = this.#full();
    if (why !== undefined) return failed(new Error(`rabbitmq: ${why}`), true, false);
    return this.#put(channel, letter);
  }

  /** What has no answer yet gets none. */
  async close(): Promise<void> {
    const opening = this.#channel;
    if (opening === undefined) return;
    try {
      const closing = opening.then(closeQuietly);
      await within(this.#link.clock, FAREWELL_MS, 'closing', closing);
    } catch {
      // It never came to be, or does not answer: the connection ends next.
    }
  }

  #full(): string | undefined {
    if (this.#link.blocked !== undefined) return `the server takes nothing in: ${this.#link.blocked}`;
    if (this.#unanswered >= MOST_UNANSWERED) return `${this.#unanswered} messages have no answer yet`;
    if (this.#bytes >= MOST_BYTES) return `${this.#bytes} bytes have no answer yet`;
    return undefined;
  }

  #put(channel: RabbitConfirmChannel, { exchange, key, content, properties }: Letter) {
    const token = properties.mandatory ? String(++this.#tokens) : undefined;
    if (token !== undefined) this.#returned.set(token, undefined);
    this.#unanswered++;
    this.#bytes += content.byteLength;
    return new Promise<PublishOutcome>(resolve => {
      const answer = (outcome: PublishOutcome): void => {
        this.#unanswered--;
        this.#bytes -= content.byteLength;
        if (token !== undefined) this.#returned.delete(token);
        resolve(outcome);
      };
      const all = token === undefined ? properties : { ...properties, correlationId: token };
      try {
        channel.publish(exchange, key, content, all, error => {
          const back = token === undefined ? undefined : this.#returned.get(token);
          // Refused by one of many queues, or lost with the channel: others may hold it.
          if (error) answer(failed(error, true, true));
          else if (back !== undefined) answer(failed(new Error(`rabbitmq: ${back}`), false, false));
          else answer({ ok: true });
        });
      } catch (error) {
        // A channel that is closed, or what cannot be written: nothing has been sent.
        const isClosed = (error as Error).name === 'IllegalOperationError';
        if (isClosed) this.#forget(this.#channel);
        answer(failed(error, isClosed, false));
      }
    });
  }

  async #make(): Promise<RabbitConfirmChannel> {
    await this.#prepare();
    const connection = await this.#link.get();
    const channel = await connection.createConfirmChannel();
    const opening = this.#channel;
    channel.on('error', () => {});
    channel.on('close', () => this.#forget(opening));
    channel.on('return', ({ properties, fields }: RabbitMessage) => {
      const token = String(properties.correlationId);
      if (!this.#returned.has(token)) return;
      const where = fields.exchange === '' ? 'the queue' : `${fields.exchange}, by the key`;
      this.#returned.set(token, `nobody gets what is published to ${where} ${fields.routingKey}`);
    });
    return channel;
  }

  #forget(opening: Promise<RabbitConfirmChannel> | undefined): void {
    if (this.#channel !== opening) return;
    this.#channel = undefined;
    this.#lost();
  }
}
