import type { Clock } from '../../kernel/clock.js';
import type { MqttLink } from './mqtt-link.js';

/** What is told of the seats of a group. */
export interface SeatEvents {
  /** Something is otherwise than it was. */
  changed(): void;
  /** Whoever has a seat is to say so again. */
  called(): void;
}

const CALL = 'call';

/**
 * The seats of a group: each is a session at the broker, with its share of the messages. Who takes a seat that
 * is free gets what its session holds. A retained message under the name of a seat says who has it, or that
 * nobody has.
 */
export class SeatRoll {
  /** Matches the names of all its seats. */
  readonly filter: string;
  readonly callTopic: string;
  readonly #base: string;
  readonly #clock: Clock;
  readonly #answerMs: number;
  readonly #events: SeatEvents;
  /** Who has each seat; '' for nobody. */
  readonly #holders = new Map<string, string>();
  /** Those of which it is not known that their holders live. */
  #silent = new Set<string>();

  /** Who has not answered a call within `answerMs` is gone. */
  constructor(base: string, clock: Clock, answerMs: number, events: SeatEvents) {
    this.#base = `${base}/`;
    this.filter = `${base}/+`;
    this.callTopic = `${base}/${CALL}`;
    this.#clock = clock;
    this.#answerMs = answerMs;
    this.#events = events;
  }

  get size(): number {
    return this.#holders.size;
  }

  /** Those that nobody has. */
  get free(): readonly string[] {
    return [...this.#holders].filter(([, holder]) => holder === '').map(([seat]) => seat);
  }

  /** Who has it; '' for nobody, `undefined` for a seat that is not known. */
  holder(seat: string): string | undefined {
    return this.#holders.get(seat);
  }

  clear(): void {
    this.#holders.clear();
    this.#silent.clear();
  }

  /** `isNews` of what is said now, and not only retained. */
  note(topic: string, text: string, isNews: boolean): void {
    if (!topic.startsWith(this.#base)) return;
    const seat = topic.slice(this.#base.length);
    if (seat === CALL) {
      this.#events.called();
      return;
    }
    if (text === '') this.#holders.delete(seat);
    else this.#holders.set(seat, text === FREE ? '' : text);
    if (isNews) this.#silent.delete(seat);
    this.#events.changed();
  }

  /** Whether there is anybody to be called; who does not answer has left his seat. */
  startCall(): boolean {
    const silent = new Set([...this.#holders].filter(([, holder]) => holder !== '').map(([seat]) => seat));
    this.#silent = silent;
    if (silent.size === 0) return false;
    this.#clock.schedule(this.#answerMs, () => {
      if (this.#silent !== silent) return;
      for (const seat of silent) this.#holders.set(seat, '');
      if (silent.size > 0) this.#events.changed();
    });
    return true;
  }
}

/** What is said of a seat that nobody has. */
export const FREE = 'free';
const retained = { qos: 1, retain: true, properties: {} } as const;

/** Says who has a seat from now on, `FREE` for nobody; `undefined` that there is none any more. */
export async function tellSeat(link: MqttLink, topic: string, holder: string | undefined): Promise<void> {
  await link.publish(topic, Buffer.from(holder ?? ''), retained);
}
