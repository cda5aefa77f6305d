import type { ConsumerInfo } from '@nats-io/jetstream';
import type { Clock, Timer } from '../../kernel/clock.js';
import type { JetStreamApi } from './jetstream-api.js';
import { streamOf } from './jetstream-names.js';

const LOOK_MS = 30_000;
/** Room is made when the stream is fuller than this, and at least so long after the last time, in ms. */
const FULL = 0.5;
const REST_MS = 250;

/**
 * Keeps room in the stream. It takes nothing in once it is full, so that nothing which somebody still has to
 * handle is pushed out; what all groups have dealt with stays only as long as there is room.
 */
export class Room {
  readonly #api: JetStreamApi;
  readonly #clock: Clock;
  readonly #stream: string;
  #timer: Timer | undefined;
  #making: Promise<void> | undefined;
  #madeAt = -Infinity;
  #closed = false;

  constructor(api: JetStreamApi, clock: Clock, prefix: string) {
    this.#api = api;
    this.#clock = clock;
    this.#stream = streamOf(prefix);
  }

  /** Looks after it from time to time. */
  start(): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = this.#clock.schedule(LOOK_MS, () => {
      this.#timer = undefined;
      void this.make().then(() => this.start());
    });
  }

  /** Makes room now, unless that was just done. Where it fails there is another time. */
  make(): Promise<void> {
    if (this.#closed || this.#clock.now() - this.#madeAt < REST_MS) return this.#making ?? Promise.resolve();
    this.#making ??= this.#trim()
      .catch(() => {})
      .finally(() => {
        this.#making = undefined;
        this.#madeAt = this.#clock.now();
      });
    return this.#making;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async #trim(): Promise<void> {
    // Before the consumers: what comes in between is not among what they have dealt with.
    const info = await this.#api.stream(this.#stream);
    if (info === undefined) return;
    const { config, state } = info;
    const filled = [state.bytes / config.max_bytes, state.messages / config.max_msgs];
    if (!filled.some(share => share > FULL)) return;
    const consumers = await this.#api.consumers(this.#stream);
    const floors = consumers.map(consumer => floorOf(consumer, state.last_seq));
    // Half of it, so that a new group still finds the rest.
    const half = state.first_seq + Math.ceil((state.last_seq - state.first_seq + 1) / 2);
    const upTo = Math.min(half, ...floors.map(floor => floor + 1));
    if (upTo > state.first_seq) await this.#api.purge(this.#stream, upTo);
  }
}

/** Up to which number a consumer has dealt with everything that is for it. */
export function floorOf(
  info: Pick<ConsumerInfo, 'ack_floor' | 'delivered' | 'num_ack_pending' | 'num_pending'>,
  last: number,
): number {
  if (info.num_ack_pending > 0) return info.ack_floor.stream_seq;
  return info.num_pending > 0 ? info.delivered.stream_seq : last;
}
