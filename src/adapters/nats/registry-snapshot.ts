import { createInbox, type Msg } from '@nats-io/transport-node';
import type { Clock } from '../../kernel/clock.js';
import type { JetStreamApi } from './jetstream-api.js';
import { placeOf } from './jetstream-names.js';
import { inboxOf } from './nats-answers.js';

/** So long the server may take between two messages, in ms. */
const SILENCE_MS = 5_000;
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
 * which is two round trips however many they are.
 */
export async function snapshotOf(
  api: JetStreamApi,
  clock: Clock,
  stream: string,
  filter: string,
): Promise<Snapshot> {
  const { client } = api.link;
  const inbox = createInbox(inboxOf(client));
  const reading = new Reading(api, clock);
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
      if (info.num_pending > 0 || reading.messages.length > 0) await reading.done;
    } finally {
      // It would go by itself, some seconds later.
      api.deleteConsumer(stream, info.name).catch(() => {});
    }
    return { serverMs: Date.parse(info.created as unknown as string), messages: reading.messages };
  } finally {
    reading.close();
    if (!subscription.isClosed()) subscription.unsubscribe();
  }
}

/** What has come so far. */
class Reading {
  readonly messages: BucketMessage[] = [];
  readonly done: Promise<void>;
  readonly #clock: Clock;
  readonly #unwatch: () => void;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #timer: ReturnType<Clock['schedule']> | undefined;

  constructor(api: JetStreamApi, clock: Clock) {
    this.#clock = clock;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who asked may have failed before.
    this.done.catch(() => {});
    this.#unwatch = api.link.watch({ lost: error => this.fail(error), back: () => {} });
    this.#wait();
  }

  take(message: Msg): void {
    const place = placeOf(message.reply);
    if (place === undefined) return;
    const storedMs = Number(place.stored) / NS_PER_MS;
    this.messages.push({ subject: message.subject, text: message.string(), storedMs });
    if (pendingAfter(message.reply!) === 0) this.#resolve();
    else this.#wait();
  }

  fail(error: unknown): void {
    this.#reject(error);
  }

  close(): void {
    this.#unwatch();
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.schedule(SILENCE_MS, () =>
      this.fail(new Error('nats: no more of a bucket came in time')),
    );
  }
}
