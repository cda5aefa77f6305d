import { checkNumber } from '../kernel/options.js';
import type { DeathReason } from './consumer-events.js';
import { livingHeaders } from './dead-letter.js';
import type { DeadRecord, Driver } from './driver.js';

import { header, numberIn } from './headers.js';
import type { Message } from './message.js';
import type { Envelope } from './own-record.js';
import { readRecord } from './received.js';

/** A message that could not be handled. */
export interface DeadLetter {
  /** Where it lies, in the broker's own words. */
  readonly position: string;
  /** What it said on the outside. */
  readonly message: Omit<Message, 'data'>;
  /** Its data as bytes. @throws InvalidMessageError for data of `passByReference` that cannot be written. */
  readonly body: Uint8Array;
  /** Its data as the codec reads it; `undefined` where that fails. No schema has been asked. */
  readonly data: unknown;
  /** Why it could not be handled. */
  readonly reason: DeathReason;
  /** What was thrown last. */
  readonly error: {
    readonly name: string | undefined;
    readonly code: string | undefined;
    readonly message: string | undefined;
  };
  /** How often it was delivered. */
  readonly attempts: number;
  /** When it died, epoch ms. */
  readonly diedAt: number | undefined;
  /** Puts it before its group again, and before no other, as if it had never been delivered. */
  replay(): Promise<void>;
  /** Deletes it for good; false where it is gone already. */
  discard(): Promise<boolean>;
}

/** The dead letters of a group, the oldest first. */
export interface DeadLetters extends AsyncIterable<DeadLetter> {
  /** How many there are, without a look at any of them. */
  count(): Promise<number>;
  /** At most `limit` (by default 100) of them, after the one at `after`. */
  list(options?: { readonly limit?: number; readonly after?: string }): Promise<readonly DeadLetter[]>;
}

const PAGE = 100;

/** Reads the dead letters that a driver keeps. */
export class DeadLetterReader implements DeadLetters {
  readonly #driver: Driver;
  readonly #envelope: Envelope;
  readonly #topic: string;
  readonly #group: string;
  readonly #connect: () => Promise<void>;

  constructor(
    driver: Driver,
    envelope: Envelope,
    topic: string,
    group: string,
    connect: () => Promise<void>,
  ) {
    this.#driver = driver;
    this.#envelope = envelope;
    this.#topic = topic;
    this.#group = group;
    this.#connect = connect;
  }

  async count(): Promise<number> {
    await this.#connect();
    return this.#driver.deadLetters!.count(this.#topic, this.#group);
  }

  async list({ limit = PAGE, after }: { readonly limit?: number; readonly after?: string } = {}) {
    checkNumber('deadLetters', 'limit', limit, { min: 1, max: 10_000, integer: true });
    await this.#connect();
    const records = await this.#driver.deadLetters!.list(this.#topic, this.#group, limit, after);
    return records.map(dead => this.#read(dead));
  }

  async *[Symbol.asyncIterator](): AsyncIterator<DeadLetter> {
    let after: string | undefined;
    for (;;) {
      const page = await this.list(after === undefined ? {} : { after });
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.position;
    }
  }

  #read({ position, record }: DeadRecord): DeadLetter {
    const { headers, key } = record;
    // A body that was passed by reference is written when it is asked for, and that may fail.
    const bodyOf = (): Uint8Array => record.body;
    const living = { position, record: { topic: this.#topic, key, headers, body: new Uint8Array(0) } };
    const { data: _, ...message } = readRecord(this.#envelope, living, 1).message;
    return {
      position,
      message,
      get body() {
        return bodyOf();
      },
      data: this.#decode(record),
      reason: (headers[header.deathReason] ?? 'exhausted') as DeathReason,
      error: {
        name: headers[header.deathError],
        code: headers[header.deathCode],
        message: headers[header.deathMessage],
      },
      attempts: numberIn(headers, header.deathAttempts) ?? 0,
      diedAt: numberIn(headers, header.deathAt),
      replay: () => this.#replay({ position, record }, message),
      discard: () => this.#driver.deadLetters!.discard(this.#topic, this.#group, position),
    };
  }

  #decode(record: DeadRecord['record']): unknown {
    try {
      return this.#envelope.codec.decode(record.body);
    } catch {
      return undefined;
    }
  }

  /** Published first and deleted then: a crash in between doubles it and never loses it. */
  async #replay({ position, record }: DeadRecord, message: Omit<Message, 'data'>): Promise<void> {
    const { id, key } = message;
    const headers = livingHeaders(record.headers);
    const rest = { notBefore: undefined, expiresAt: undefined, priority: 0, group: this.#group };
    const again = { topic: this.#topic, id, key, headers, body: record.body, ...rest };
    const [outcome] = await this.#driver.publish([again]);
    if (outcome?.ok !== true) throw outcome?.error ?? new Error('the driver said nothing of it');
    await this.#driver.deadLetters!.discard(this.#topic, this.#group, position);
  }
}
