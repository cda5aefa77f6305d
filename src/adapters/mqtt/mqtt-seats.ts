import type { MqttLink } from './mqtt-link.js';

/** What is said of a seat: somebody is there, or nobody; one that is given up is not said anything of. */
export type SeatState = 'taken' | 'free';

/**
 * The seats of a group: each is a session at the broker, with its share of the messages. Who takes a seat that
 * is free gets what its session holds. That there is a seat is a retained message under its name.
 */
export class SeatRoll {
  readonly filter: string;
  readonly #base: string;
  readonly #changed: () => void;
  readonly #seats = new Map<string, SeatState>();

  constructor(base: string, changed: () => void) {
    this.#base = `${base}/`;
    this.filter = `${base}/+`;
    this.#changed = changed;
  }

  get size(): number {
    return this.#seats.size;
  }

  /** Those that nobody has. */
  get free(): readonly string[] {
    return [...this.#seats].filter(([, state]) => state === 'free').map(([seat]) => seat);
  }

  isFree(seat: string): boolean {
    return this.#seats.get(seat) === 'free';
  }

  clear(): void {
    this.#seats.clear();
  }

  note(topic: string, text: string): void {
    if (!topic.startsWith(this.#base)) return;
    const seat = topic.slice(this.#base.length);
    if (text === 'taken' || text === 'free') this.#seats.set(seat, text);
    else this.#seats.delete(seat);
    this.#changed();
  }
}

const retained = { qos: 1, retain: true, properties: {} } as const;

/** Says of a seat what is so from now on; `undefined` that there is none any more. */
export async function tellSeat(link: MqttLink, topic: string, state: SeatState | undefined): Promise<void> {
  await link.publish(topic, Buffer.from(state ?? ''), retained);
}
