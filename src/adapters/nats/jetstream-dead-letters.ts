import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/random.js';
import type { DeadLetterShelf, DeadRecord } from '../../messaging/driver.js';
import type { JetStreamApi } from './jetstream-api.js';
import type { JetStreamDelivery } from './jetstream-delivery.js';
import { readHeaders, writeDeadHeaders } from './jetstream-headers.js';
import { deadStreamOf, deadSubjectOf, placeOf, streamOf } from './jetstream-names.js';
import { checkSize } from './jetstream-publishing.js';
import { Pull } from './jetstream-pull.js';

/** The consumer for a look is forgotten after so long, where it could not be deleted. */
const LOOK_NS = 10_000_000_000;
/** So long a look may take. */
const LOOK_MS = 30_000;

/** The dead letters of a bus: a stream of their own, under a subject for each group and topic. */
export class JetStreamDeadLetters implements DeadLetterShelf {
  readonly #api: JetStreamApi;
  readonly #clock: Clock;
  readonly #prefix: string;

  constructor(api: JetStreamApi, clock: Clock, prefix: string) {
    this.#api = api;
    this.#clock = clock;
    this.#prefix = prefix;
  }

  /** Stores one; a delivery that was copied before, by whomever, is known again. */
  async bury(
    group: string,
    { record, place }: JetStreamDelivery,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const [prefix, stream] = [this.#prefix, deadStreamOf(this.#prefix)];
    const id = `${streamOf(prefix)} ${place.seq} ${place.stored} ${group}`;
    const written = writeDeadHeaders({ ...record.headers, ...headers }, id, stream);
    checkSize(this.#api, record.topic, record.body, written);
    await this.#api.store(deadSubjectOf(prefix, record.topic, group), record.body, written);
  }

  /** Looks through a consumer that is made for it: one that acknowledges nothing takes nothing away. */
  async list(
    topic: string,
    group: string,
    limit: number,
    after: string | undefined,
  ): Promise<readonly DeadRecord[]> {
    return this.#look(topic, group, after, (subject, pending) =>
      this.#read(subject, topic, Math.min(limit, pending)),
    );
  }

  count(topic: string, group: string): Promise<number> {
    return this.#look(topic, group, undefined, async (_, pending) => pending);
  }

  async discard(topic: string, group: string, position: string): Promise<boolean> {
    const stream = deadStreamOf(this.#prefix);
    const seq = Number(position);
    const subject = deadSubjectOf(this.#prefix, topic, group);
    if (!Number.isSafeInteger(seq) || seq < 1) return false;
    // A number says nothing of whose it is.
    if ((await this.#api.subjectAt(stream, seq)) !== subject) return false;
    return this.#api.deleteMessage(stream, seq);
  }

  /** With a consumer of its own: by its subject, and how many there are for it. */
  async #look<T>(
    topic: string,
    group: string,
    after: string | undefined,
    look: (subject: string, pending: number) => Promise<T>,
  ): Promise<T> {
    const stream = deadStreamOf(this.#prefix);
    const name = `look-${newId()}`;
    const info = await this.#api.putConsumer(stream, name, {
      name,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: after === undefined ? 1 : Number(after) + 1,
      ack_policy: 'none',
      filter_subject: deadSubjectOf(this.#prefix, topic, group),
      inactive_threshold: LOOK_NS,
      mem_storage: true,
      num_replicas: 1,
    } as never);
    try {
      return await look(this.#api.nextOf(stream, name), info.num_pending);
    } finally {
      await this.#api.deleteConsumer(stream, name).catch(() => {});
    }
  }

  #read(subject: string, topic: string, count: number): Promise<readonly DeadRecord[]> {
    const found: DeadRecord[] = [];
    if (count === 0) return Promise.resolve(found);
    const { client } = this.#api.link;
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        timer.cancel();
        void pull.close();
        if (error === undefined) resolve(found);
        else reject(error);
      };
      const late = new Error(`nats: the dead letters could not be read within ${LOOK_MS} ms`);
      const timer = this.#clock.schedule(LOOK_MS, () => end(late));
      const pull: Pull = new Pull(client, this.#clock, subject, {
        message: message => {
          const seq = placeOf(message.reply)?.seq;
          if (seq === undefined || found.length >= count) return;
          const { headers, key } = readHeaders(message.headers);
          found.push({ position: String(seq), record: { topic, key, headers, body: message.data } });
        },
        over: left => {
          // Those that are missing have been discarded since they were counted.
          if (found.length >= count || left > 0) end();
          else pull.ask(count - found.length, false);
        },
        broken: (_left, error) => end(error),
      });
      pull.ask(count, false);
    });
  }
}
