import { matchesPattern } from '../../core/topic-pattern.js';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/random.js';
import type { MqttPublication, MqttWelcome } from './mqtt-connection.js';
import { type LineParts, MqttLine } from './mqtt-line.js';
import { connecting, type MqttLink } from './mqtt-link.js';
import { CALL, type SeatListener, SeatRoll } from './mqtt-seats.js';

/** More messages than that may not be under way at a time, whatever the broker says. */
const MOST_UNDER_WAY = 1_000;
/** Of so many topics it is remembered that all their groups are there. */
const MOST_TOPICS = 10_000;
const plain = { qos: 1, retain: false, properties: {} } as const;

/** What a driver speaks to its broker by, besides the sessions of its subscriptions. */
export class MqttDesk {
  readonly #line: MqttLine;
  readonly #clock: Clock;
  readonly #own: string;
  readonly #rolls = new Map<string, SeatRoll>();
  readonly #settled = new Set<string>();
  readonly #echoes = new Map<string, () => void>();
  readonly #echoTopic: string;
  readonly #onLink: (welcome: MqttWelcome) => void;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  /** `onLink` may refuse what the broker says of itself. */
  constructor(parts: LineParts, own: string, onLink: (welcome: MqttWelcome) => void) {
    const id = newId();
    this.#clock = parts.clock;
    this.#own = own;
    this.#echoTopic = `${own}/echoes/${id}`;
    this.#onLink = onLink;
    const properties = { sessionExpiryInterval: 0, receiveMaximum: 100 };
    const options = { ...connecting, clientId: `${own}desk-${id}`, clean: true, properties };
    this.#line = new MqttLine(parts, {
      options: () => options,
      begin: link => this.#begin(link),
      message: (_, packet, acknowledge) => this.#take(packet, acknowledge),
      lost: () => {},
      ready: () => {},
      isOusted: () => false,
      ousted: () => {},
      keepsAlive: false,
    });
  }

  /** The connection, while there is one. */
  get link(): MqttLink | undefined {
    return this.#line.link;
  }

  open(): Promise<void> {
    return this.#line.open();
  }

  async close(): Promise<void> {
    await this.#line.close()?.end(true);
  }

  /**
   * Publishes when the broker has room: it closes the connection of whoever sends more than its Receive
   * Maximum, and the client does not count. `undefined` where there is no connection.
   */
  async publish(how: (link: MqttLink) => Promise<number>): Promise<number | undefined> {
    const most = Math.min(this.link?.welcome.properties?.receiveMaximum ?? MOST_UNDER_WAY, MOST_UNDER_WAY);
    if (this.#underWay >= most) await new Promise<void>(resolve => void this.#waiting.push(resolve));
    else this.#underWay++;
    try {
      const { link } = this;
      return link === undefined ? undefined : await how(link);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay--;
      else next();
    }
  }

  /** The seats of a group, with somebody who is told of them. */
  join(group: string, pattern: string, listener: SeatListener): SeatRoll {
    const roll = this.#roll(group, pattern);
    roll.listeners.add(listener);
    void this.#call(roll);
    return roll;
  }

  leave(roll: SeatRoll, listener: SeatListener): void {
    roll.listeners.delete(listener);
  }

  /**
   * The groups that should get what is published to `topic` and of which it is not known that the broker
   * knows them: their members are called.
   */
  missing(topic: string): readonly SeatRoll[] {
    if (this.#settled.has(topic)) return [];
    const missing = this.groups(topic).filter(roll => !roll.assured);
    for (const roll of missing) void this.#call(roll);
    if (missing.length === 0) {
      if (this.#settled.size >= MOST_TOPICS) this.#settled.clear();
      this.#settled.add(topic);
    }
    return missing;
  }

  /** The groups that should get what is published to `topic`. */
  groups(topic: string): readonly SeatRoll[] {
    return [...this.#rolls.values()].filter(roll => roll.size > 0 && matchesPattern(roll.pattern, topic));
  }

  #roll(group: string, pattern: string): SeatRoll {
    const key = `${group}/${pattern}`;
    let roll = this.#rolls.get(key);
    if (roll === undefined) {
      roll = new SeatRoll(this.#own, group, pattern, this.#clock);
      this.#rolls.set(key, roll);
      this.#settled.clear();
    }
    return roll;
  }

  /** Once for each connection, however many messages wait for the answer: every member gives one. */
  async #call(roll: SeatRoll, link = this.link): Promise<void> {
    if (link === undefined || !roll.callable) return;
    roll.calling();
    // Where that fails the connection is lost, and with it all that was known.
    await link.publish(`${roll.base}/${CALL}`, Buffer.from(''), plain).catch(() => {});
  }

  /** What the broker has retained comes before what is published to oneself after it. */
  async #begin(link: MqttLink): Promise<void> {
    this.#onLink(link.welcome);
    this.#settled.clear();
    for (const [key, roll] of this.#rolls) {
      roll.clear();
      if (roll.listeners.size === 0) this.#rolls.delete(key);
    }
    await link.subscribe(this.#echoTopic, false);
    await link.subscribe(`${this.#own}/seats/#`, true);
    await this.#echo(link);
    for (const roll of this.#rolls.values()) {
      if (roll.listeners.size > 0) await this.#call(roll, link);
    }
  }

  async #echo(link: MqttLink): Promise<void> {
    const id = newId();
    const heard = new Promise<void>(resolve => void this.#echoes.set(id, resolve));
    try {
      await link.publish(this.#echoTopic, Buffer.from(id), plain);
      await link.orLost(heard);
    } finally {
      this.#echoes.delete(id);
    }
  }

  #take({ topic, payload, retain }: MqttPublication, acknowledge: () => void): void {
    acknowledge();
    const text = payload.toString();
    if (topic === this.#echoTopic) {
      this.#echoes.get(text)?.();
      return;
    }
    const [group, pattern, seat, ...rest] = topic.slice(`${this.#own}/seats/`.length).split('/');
    if (group === undefined || pattern === undefined || seat === undefined || rest.length > 0) return;
    const roll = this.#roll(group, pattern);
    roll.note(seat, text, !retain);
    // A group that everybody has given up.
    if (roll.size === 0 && roll.listeners.size === 0) this.#rolls.delete(`${group}/${pattern}`);
  }
}
