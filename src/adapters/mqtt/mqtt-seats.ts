import type { Clock } from '../../kernel/clock.js';
import type { MqttLink } from './mqtt-link.js';

/** Who is told of the seats of a group. */
export interface SeatListener {
  /** Something is otherwise than it was. */
  look(): void;
  /** Whoever has a seat is to say so again. */
  answer(): void;
}

/** The last level of the topic by which members are called. No seat is called so. */
export const CALL = 'call';
/** What is said of a seat by who leaves it, and by the broker when its holder is lost. */
export const FREE = 'free';
export const GONE = 'gone';
/** Stands after the name of a holder who has not subscribed, and only empties what is there. */
export const EMPTIES = 'empties';
/** So long members may take to answer a call, in ms: much is to be done after a broker has come back. */
const ANSWER_MS = 5_000;
/** So long after a lost connection seats are left to those who had them, in ms. */
const CALM_MS = 1_000;

/**
 * The seats of a group: each is a session at the broker, with its share of the messages. Who takes a seat
 * that is free gets what its session holds. A retained message under the name of a seat says who has it, or
 * that nobody has.
 */
export class SeatRoll {
  readonly base: string;
  readonly group: string;
  readonly pattern: string;
  readonly listeners = new Set<SeatListener>();
  readonly #clock: Clock;
  /** Who has each seat; '' for nobody. */
  readonly #holders = new Map<string, string>();
  /** Those whose holders have not been heard of since the present connection began. */
  readonly #silent = new Set<string>();
  #assured = false;
  #called = 0;
  /** A call is on its way to the broker, or has come back from it. */
  #calling = false;
  #calmUntil = 0;

  constructor(own: string, group: string, pattern: string, clock: Clock) {
    this.base = `${own}/seats/${group}/${pattern}`;
    this.group = group;
    this.pattern = pattern;
    this.#clock = clock;
  }

  get size(): number {
    return this.#holders.size;
  }

  /**
   * Whether somebody has said, since the present connection began, that he is subscribed: a broker that was
   * started again in between may have forgotten it.
   */
  get assured(): boolean {
    return this.#assured;
  }

  /** Those that nobody has. */
  get free(): readonly string[] {
    return [...this.#holders].filter(([, holder]) => holder === '').map(([seat]) => seat);
  }

  /** Whether nobody has any of its seats. */
  get deserted(): boolean {
    return this.size > 0 && this.free.length === this.size;
  }

  /** Who has it; '' for nobody, `undefined` for a seat that is not known. */
  holder(seat: string): string | undefined {
    return this.#holders.get(seat);
  }

  /** For how many ms nobody should reach for what is free: its holder may be on his way back as well. */
  get calmMs(): number {
    return Math.max(0, this.#calmUntil - this.#clock.now());
  }

  /** For a new connection, which is told everything again. */
  clear(): void {
    this.#calmUntil = this.#clock.now() + CALM_MS;
    this.#holders.clear();
    this.#silent.clear();
    this.#assured = false;
    this.#called = 0;
    this.#calling = false;
  }

  /** `isNews` of what is said now, and not only retained. */
  note(seat: string, text: string, isNews: boolean): void {
    if (seat === CALL) {
      this.#await();
      for (const listener of this.listeners) listener.answer();
      return;
    }
    const [who = '', what] = text.split(' ');
    const isHeld = who !== '' && who !== FREE && who !== GONE;
    if (text === '') this.#holders.delete(seat);
    else this.#holders.set(seat, isHeld ? who : '');
    if (isHeld && !isNews) this.#silent.add(seat);
    else this.#silent.delete(seat);
    if (isNews && who !== '' && who !== GONE && what !== EMPTIES) this.#assured = true;
    for (const listener of this.listeners) listener.look();
  }

  /** Whether somebody should be called, and has not been since the present connection began. */
  get callable(): boolean {
    return !this.#calling && this.#called === 0 && this.#silent.size > 0;
  }

  /** Somebody is about to be called. */
  calling(): void {
    this.#calling = true;
  }

  /** Who does not answer has left his seat: a broker that crashed has not said of anybody that he is gone. */
  #await(): void {
    this.#called++;
    const call = this.#called;
    this.#clock.schedule(ANSWER_MS, () => {
      if (call !== this.#called || this.#silent.size === 0) return;
      for (const seat of this.#silent) this.#holders.set(seat, '');
      this.#silent.clear();
      for (const listener of this.listeners) listener.look();
    });
  }
}

/**
 * Says who has a seat from now on; `undefined` that there is none any more. What is said of one that nobody
 * has goes with its session, after so many seconds.
 */
export async function tellSeat(
  link: MqttLink,
  topic: string,
  holder: string | undefined,
  expirySeconds: number,
): Promise<void> {
  const properties = holder === FREE || holder === GONE ? { messageExpiryInterval: expirySeconds } : {};
  await link.publish(topic, Buffer.from(holder ?? ''), { qos: 1, retain: true, properties });
}
