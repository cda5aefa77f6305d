import { createInbox, type Msg } from '@nats-io/transport-node';
import type { Clock } from '../../kernel/clock.js';
import type { JetStreamApi } from './jetstream-api.js';
import { placeOf } from './jetstream-names.js';
import { inboxOf } from './nats-answers.js';

/** After so long without a message it is asked which ones there are, in ms. */
const SILENCE_MS = 250;
/** So often that does not help before it is given up. */
const MOST_SILENCES = 20;
const NS_PER_MS = 1_000_000;

/** The last message of each subject. */
export interface BucketMessage {
  readonly subject: string;
  readonly text: string;
  readonly storedMs: number;
}

/** What stood in a part of a bucket, and what the time was at the server. */
export interface Snapshot {
  readonly serverMs: number;
  readonly messages: readonly BucketMessage[];
}

/** How many messages follow: the last token of `$JS.ACK.….<pending>`, or the last but one with a domain. */
function pendingAfter(reply: string): number {
  const tokens = reply.split('.');
  return Number(tokens[tokens.length === 9 ? 8 : 10]);
}

/**
 * Reads the last messages of all subjects under `filter`: a consumer is made to which the server pushes them,
 * which is two round trips however many they are, and one more where something is written meanwhile.
 */
export async function snapshotOf(
  api: JetStreamApi,
  clock: Clock,
  stream: string,
  filter: string,
): Promise<Snapshot> {
  const { client } = api.link;
  const inbox = createInbox(inboxOf(client));
  const reading = new Reading(api, clock, () => api.subjects(stream, filter));
  const subscription = client.subscribe(inbox, {
    callback: (error, message) => {
      if (error === null) reading.take(message);
      else reading.fail(error);
    },
  });
  try {
    const info = await api.push(stream, {
      ...{ deliver_subject: inbox, deliver_policy: 'last_per_subject', ack_policy: 'none' },
      ...{ filter_subject: filter, replay_policy: 'instant', mem_storage: true, num_replicas: 1 },
    } as Parameters<JetStreamApi['push']>[1]);
    try {
      await reading.all(info.num_pending);
    } finally {
      // It would go by itself, some seconds later.
      api.deleteConsumer(stream, info.name).catch(() => {});
    }
    const serverMs = Date.parse(info.created as unknown as string);
    return { serverMs, messages: [...reading.messages.values()] };
  } finally {
    reading.close();
    if (!subscription.isClosed()) subscription.unsubscribe();
  }
}

/**
 * What has come so far. It is all there when the server says that nothing follows. Where something is written
 * meanwhile, its count may stay one too high (seen of 2.9.10): then it is asked which subjects there are,
 * and all is there when each of them has come.
 */
class Reading {
  /** By subject: what is written meanwhile comes after what stood there, and is what counts. */
  readonly messages = new Map<string, BucketMessage>();
  readonly #done: Promise<void>;
  readonly #clock: Clock;
  readonly #subjects: () => Promise<readonly string[]>;
  readonly #unwatch: () => void;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #timer: ReturnType<Clock['schedule']> | undefined;
  #silences = 0;
  #taken = 0;
  #isAll = false;
  /** How many there were when it began. */
  #expected = Infinity;
  /** The subjects that have not come, once they were asked for. */
  #missing: Set<string> | undefined;

  constructor(api: JetStreamApi, clock: Clock, subjects: () => Promise<readonly string[]>) {
    this.#clock = clock;
    this.#subjects = subjects;
    this.#done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who asked may have failed before.
    this.#done.catch(() => {});
    this.#unwatch = api.link.watch({ lost: error => this.fail(error), back: () => {} });
    this.#wait();
  }

  /** Resolves when all is there, of which there were so many when it began. */
  async all(expected: number): Promise<void> {
    if (expected === 0 && this.#taken === 0) return;
    this.#expected = expected;
    if (this.#taken >= expected && !this.#isAll) this.#look();
    await this.#done;
  }

  take(message: Msg): void {
    const place = placeOf(message.reply);
    if (place === undefined) return;
    const { subject } = message;
    const storedMs = Number(place.stored) / NS_PER_MS;
    this.messages.set(subject, { subject, text: message.string(), storedMs });
    this.#taken += 1;
    this.#silences = 0;
    this.#missing?.delete(subject);
    if (pendingAfter(message.reply!) === 0 || this.#missing?.size === 0) this.#end();
    else this.#wait();
    // It should have ended by now.
    if (this.#taken === this.#expected && !this.#isAll) this.#look();
  }

  fail(error: unknown): void {
    this.#reject(error);
  }

  close(): void {
    this.#unwatch();
    this.#timer?.cancel();
  }

  #end(): void {
    this.#isAll = true;
    this.#resolve();
  }

  #look(): void {
    this.#subjects().then(
      subjects => {
        this.#missing = new Set(subjects.filter(subject => !this.messages.has(subject)));
        if (this.#missing.size === 0) this.#end();
      },
      error => this.fail(error),
    );
  }

  #wait(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.schedule(SILENCE_MS, () => {
      this.#silences += 1;
      if (this.#silences > MOST_SILENCES)
        return this.fail(new Error('nats: no more of a bucket came in time'));
      this.#look();
      this.#wait();
    });
  }
}
