import { newId } from '../../kernel/random.js';
import type { MqttConnecting, MqttPublication } from './mqtt-connection.js';
import type { LineParts } from './mqtt-line.js';
import { MqttLine } from './mqtt-line.js';
import { connecting, type LinkError, type MqttLink } from './mqtt-link.js';
import { EMPTIES, FREE, GONE, tellSeat } from './mqtt-seats.js';

/** What a session is. */
export interface SessionPlan {
  readonly clientId: string;
  /** What it is subscribed to. */
  readonly filter: string;
  /** Where it is said who has it; `undefined` for one that ends with its holder. */
  readonly seat: string | undefined;
  /** Under which name this process has the seat. */
  readonly holder: string;
  /** Who is said to have it. */
  readonly heldBy: () => string | undefined;
  /** Whether it is only to be emptied, and given up then. */
  readonly toEmpty: boolean;
  /** Whether it begins with what the broker has retained. */
  readonly retained: boolean;
  /** For how many seconds the broker keeps it. */
  readonly expirySeconds: number;
  /** How many seconds after a connection was lost without a word somebody else may have it. */
  readonly graceSeconds: number;
  /** How many messages may come before one is acknowledged. */
  readonly receiveMaximum: number;
  /** Topics of the driver's own begin with it. */
  readonly own: string;
}

/** What is told of a session. */
export interface SessionEvents {
  message(session: MqttSession, link: MqttLink, packet: MqttPublication, acknowledge: () => void): void;
  lost(session: MqttSession, error: LinkError): void;
  ready(session: MqttSession): void;
  /** Somebody else has it. */
  ousted(session: MqttSession): void;
  /** All that it held when it was taken over has been handed over. */
  empty(session: MqttSession): void;
}

const plain = { qos: 1, retain: false, properties: {} } as const;

/** One session at the broker, held by this process for as long as nobody else takes it over. */
export class MqttSession {
  readonly plan: SessionPlan;
  readonly #line: MqttLine;
  readonly #events: SessionEvents;
  readonly #mark: string;
  #markText = '';
  #ended = false;
  /** The link on which an answer is under way, and whether another one is asked for meanwhile. */
  #answering: MqttLink | undefined;
  #askedAgain = false;
  /** Whether it was asked for an answer when there was no link that had begun. */
  #askedEarly = false;

  constructor(parts: LineParts, plan: SessionPlan, events: SessionEvents) {
    this.plan = plan;
    this.#events = events;
    this.#mark = `${plan.own}/marks/${plan.clientId}`;
    this.#line = new MqttLine(parts, {
      options: again => this.#options(again),
      begin: link => this.#begin(link),
      message: (link, packet, acknowledge) => this.#take(link, packet, acknowledge),
      lost: (_, error) => events.lost(this, error),
      ready: () => {
        this.#answerLate();
        events.ready(this);
      },
      isOusted: () => ![undefined, '', plan.holder].includes(plan.heldBy()),
      ousted: () => events.ousted(this),
      keepsAlive: true,
    });
  }

  /** What is said of its seat. */
  get #name(): string {
    const { holder, toEmpty } = this.plan;
    return toEmpty ? `${holder} ${EMPTIES}` : holder;
  }

  async #tell(link: MqttLink, holder: string | undefined): Promise<void> {
    const { seat, expirySeconds } = this.plan;
    if (seat !== undefined) await tellSeat(link, seat, holder, expirySeconds);
  }

  get isOpen(): boolean {
    return this.#line.link !== undefined;
  }

  async open(): Promise<void> {
    await this.#line.open();
    this.#answerLate();
  }

  /**
   * Says again who has the seat: now, or when its link has begun. All who ask while it is being said are
   * answered by one more word.
   */
  async answer(): Promise<void> {
    const { seat } = this.plan;
    const { link } = this.#line;
    if (seat === undefined) return;
    if (link === undefined) {
      // It may have been said already, but whoever asks has come after that.
      this.#askedEarly = true;
      return;
    }
    this.#askedAgain = this.#answering === link;
    if (this.#askedAgain) return;
    this.#answering = link;
    do {
      this.#askedAgain = false;
      // Where that fails the connection is lost, and it is said by the next one.
      await this.#tell(link, this.#name).catch(() => {});
    } while (this.#askedAgain && this.#line.link === link);
    if (this.#answering === link) this.#answering = undefined;
  }

  #answerLate(): void {
    const wasAsked = this.#askedEarly;
    this.#askedEarly = false;
    if (wasAsked) void this.answer();
  }

  /** Lets go of it: it stays, for whoever comes next. One without a seat ends. */
  async leave(): Promise<void> {
    const { seat, toEmpty } = this.plan;
    await this.#end(seat !== undefined, link => this.#tell(link, toEmpty ? GONE : FREE));
  }

  /** Gives it up for good. */
  async forget(): Promise<void> {
    // In this order: a session that nobody knows of ends by itself, a seat without a session would stay.
    await this.#end(false, link => this.#tell(link, undefined));
  }

  async #end(stays: boolean, farewell: (link: MqttLink) => Promise<void>): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const link = this.#line.close();
    if (link?.alive !== true) return;
    // What cannot be said the broker says itself, when it has not heard of this process for long enough.
    if (this.plan.seat !== undefined) await link.within(farewell(link)).catch(() => {});
    await link.end(!stays);
  }

  #options(again: boolean): MqttConnecting {
    const { clientId, seat, expirySeconds, graceSeconds, receiveMaximum } = this.plan;
    const properties = { sessionExpiryInterval: expirySeconds, receiveMaximum };
    const options = { ...connecting, clientId, clean: seat === undefined && !again, properties };
    if (seat === undefined) return options;
    const will = { topic: seat, payload: Buffer.from(GONE), qos: 1, retain: true } as const;
    return {
      ...options,
      will: {
        ...will,
        properties: { willDelayInterval: graceSeconds, messageExpiryInterval: expirySeconds },
      },
    };
  }

  async #begin(link: MqttLink): Promise<void> {
    const { seat, filter, toEmpty, retained } = this.plan;
    if (toEmpty) {
      if (seat !== undefined) await this.#tell(link, this.#name);
      await this.#setMark(link);
      return;
    }
    // Who held it in the meantime may have ended the subscription; a broker that was down may not know it.
    if (seat !== undefined || link.welcome.sessionPresent !== true) await link.subscribe(filter, retained);
    // Only now: it says that the broker knows of the subscription.
    if (seat !== undefined) await this.#tell(link, this.#name);
  }

  /** Takes in no more, and publishes to the session itself: that comes after all that it holds. */
  async #setMark(link: MqttLink): Promise<void> {
    await link.unsubscribe(this.plan.filter);
    await link.subscribe(this.#mark, false);
    this.#markText = newId();
    await link.publish(this.#mark, Buffer.from(this.#markText), plain);
  }

  #take(link: MqttLink, packet: MqttPublication, acknowledge: () => void): void {
    if (packet.topic !== this.#mark) {
      this.#events.message(this, link, packet, acknowledge);
      return;
    }
    acknowledge();
    if (packet.payload.toString() === this.#markText) this.#events.empty(this);
  }
}
