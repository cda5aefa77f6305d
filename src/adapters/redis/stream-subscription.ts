import type { Clock } from '../../kernel/clock.js';
import type { DriverSubscription, Sink, SubscribeSpec } from '../../messaging/driver.js';
import type { RedisConnection } from './redis-connection.js';
import { joinGroup, type Membership, memberArgs } from './stream-membership.js';
import { recordOf } from './stream-record.js';
import { isReply, type StreamScripts } from './stream-scripts.js';
import { StreamDelivery, StreamSettler } from './stream-settler.js';
import { StreamWaiter } from './stream-waiter.js';

/** What a subscription is made of. */
export interface SubscriptionParts {
  readonly client: RedisConnection;
  readonly clock: Clock;
  readonly scripts: StreamScripts;
  readonly prefix: string;
  readonly spec: SubscribeSpec;
  readonly membership: Membership;
  readonly sink: Sink;
}

/** What the script tells: a text and a body for each delivery, then until when there is no more. */
interface Fetched {
  readonly row: readonly Buffer[];
  readonly waitMs: number | undefined;
  readonly ends: readonly string[];
}

const TIDY_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** So long a server that does not answer can hold up an end, in ms. */
const FAREWELL_MS = 2_000;
/** So many deliveries come in one answer at most. */
const LARGEST_FETCH = 500;

/** A member of a group: fetches as much as was asked for, and waits where there is nothing. */
export class StreamSubscription implements DriverSubscription {
  readonly #parts: SubscriptionParts;
  readonly #settler: StreamSettler;
  readonly #waiter: StreamWaiter;
  readonly #member: readonly string[];
  #credit = 0;
  /** Grows with each pause: what was asked for before it is void. */
  #epoch = 0;
  #fetching = false;
  /** There was nothing more, and it is being waited. */
  #dry = false;
  #lost = false;
  #closed = false;
  #tidyAt = 0;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(parts: SubscriptionParts) {
    const { client, clock, scripts, prefix, spec, membership } = parts;
    this.#parts = parts;
    this.#member = memberArgs(spec, membership);
    this.#settler = new StreamSettler(scripts, this.#member, clock);
    const wake = `${prefix}:group:${spec.pattern}:${membership.group}:wake`;
    const keys = [`${prefix}:stream:${spec.pattern}`, wake, `${prefix}:later:wake`];
    this.#waiter = new StreamWaiter(client, clock, keys, {
      lost: error => this.#lose(error),
      back: () => this.#pump(true),
    });
  }

  request(count: number): void {
    this.#credit += count;
    this.#pump();
  }

  async pause(): Promise<void> {
    this.#credit = 0;
    this.#epoch++;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#credit = 0;
    this.#epoch++;
    this.#waiter.close();
    await this.#withinReason(this.#leave());
  }

  async #leave(): Promise<void> {
    const { scripts, membership, spec } = this.#parts;
    await this.#settler.finish();
    const guest = membership.guest ? '1' : '0';
    const wild = /[*>]/.test(spec.pattern) ? '1' : '0';
    await scripts.run('leave', [...this.#member, guest, wild]);
  }

  /** A server that cannot be reached learns of the end by the end of the leases. */
  async #withinReason(farewell: Promise<unknown>): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = this.#parts.clock.schedule(FAREWELL_MS, resolve, true);
      const done = (): void => {
        timer.cancel();
        resolve();
      };
      farewell.then(done, done);
    });
  }

  /** `anyway` asks without need: for the server to answer again. */
  #pump(anyway = false): void {
    if (this.#fetching || this.#dry || this.#closed) return;
    if (this.#credit === 0 && !anyway) return;
    this.#fetching = true;
    // What else is requested in this turn of microtasks goes along.
    queueMicrotask(() => void this.#turn());
  }

  async #turn(): Promise<void> {
    const epoch = this.#epoch;
    const asked = Math.min(this.#credit, LARGEST_FETCH);
    this.#credit -= asked;
    const until = this.#parts.clock.now() + this.#parts.spec.leaseMs;
    try {
      const { row, waitMs, ends } = await this.#fetch(asked);
      this.#find();
      const isVoid = epoch !== this.#epoch;
      if (!isVoid) this.#credit += asked - row.length / 2;
      for (let at = 0; at < row.length; at += 2) {
        this.#hand(row[at]!.toString(), row[at + 1]!, until, isVoid);
      }
      if (waitMs !== undefined) this.#wait(waitMs, ends);
    } catch (error) {
      if (epoch === this.#epoch) this.#credit += asked;
      await this.#recover(error);
    }
    this.#fetching = false;
    this.#pump(this.#lost);
  }

  async #fetch(count: number): Promise<Fetched> {
    const { clock, scripts, spec, membership } = this.#parts;
    const now = clock.now();
    const tidy = now >= this.#tidyAt;
    if (tidy) this.#tidyAt = now + TIDY_MS;
    const { guestMs } = membership;
    const rest = [String(count), String(Math.ceil(spec.leaseMs)), String(guestMs), tidy ? '1' : '0'];
    const answer = await scripts.run('fetch', [...this.#member, ...rest]);
    const [row, waitMs, ...ends] = answer as [Buffer[], number | undefined, ...Buffer[]];
    return { row, waitMs, ends: ends.map(String) };
  }

  /** `text` is the place, the count and the topic; the headers; and the key, which may have lines itself. */
  #hand(text: string, body: Buffer, until: number, isVoid: boolean): void {
    const first = text.indexOf('\n');
    const second = text.indexOf('\n', first + 1);
    const [position = '', attempt, topic = ''] = text.slice(0, first).split(' ');
    const record = recordOf(topic, text.slice(second + 1), text.slice(first + 1, second), body);
    const delivery = new StreamDelivery(this.#settler, record, position, Number(attempt), until);
    if (!isVoid) this.#parts.sink.deliver(delivery);
    // Where that fails it comes again when its lease is over.
    else delivery.release().catch(() => {});
  }

  #wait(waitMs: number, ends: readonly string[]): void {
    if (this.#closed) return;
    this.#dry = true;
    void this.#waiter.wait(ends, waitMs).then(() => {
      this.#dry = false;
      this.#pump(this.#lost || this.#parts.membership.guest);
    });
  }

  async #recover(error: unknown): Promise<void> {
    if (this.#closed) return;
    this.#lose(error);
    if (isReply(error, 'NOGROUP') || isReply(error, 'WRONGTYPE')) {
      try {
        const { scripts, spec, membership } = this.#parts;
        // What has been published since the stream was lost is not to be lost as well.
        await joinGroup(scripts, { ...spec, start: membership.guest ? 'latest' : 'earliest' }, membership);
        return;
      } catch (failure) {
        this.#lose(failure);
      }
    }
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    await new Promise<void>(resolve => void this.#parts.clock.schedule(pauseMs, resolve));
  }

  #lose(error: unknown): void {
    if (this.#lost || this.#closed) return;
    this.#lost = true;
    this.#parts.sink.lost(error);
  }

  #find(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    if (!this.#lost || this.#closed) return;
    this.#lost = false;
    this.#parts.sink.ready();
  }
}
