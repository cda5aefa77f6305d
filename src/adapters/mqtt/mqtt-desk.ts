import { newId } from '../../kernel/random.js';
import type { MqttPublication, MqttWelcome } from './mqtt-connection.js';
import { type LineParts, MqttLine } from './mqtt-line.js';
import { connecting, LinkError, type MqttLink } from './mqtt-link.js';
import type { SeatRoll } from './mqtt-seats.js';

/** More messages than that may not be under way at a time, whatever the broker says. */
const MOST_UNDER_WAY = 1_000;
const plain = { qos: 1, retain: false, properties: {} } as const;

/** What a driver speaks to its broker by, besides the sessions of its subscriptions. */
export class MqttDesk {
  readonly #line: MqttLine;
  readonly #rolls = new Set<SeatRoll>();
  readonly #echoes = new Map<string, () => void>();
  readonly #echoTopic: string;
  readonly #onLink: (welcome: MqttWelcome) => void;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  /** `onLink` may refuse what the broker says of itself. */
  constructor(parts: LineParts, own: string, onLink: (welcome: MqttWelcome) => void) {
    const id = newId();
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

  /** Has the seats of a group told of, as they are now and from now on. */
  async watch(roll: SeatRoll): Promise<void> {
    this.#rolls.add(roll);
    try {
      const { link } = this;
      if (link === undefined) throw new LinkError('there is no connection', {});
      await this.#read(link, roll);
    } catch (error) {
      this.#rolls.delete(roll);
      throw error;
    }
  }

  async unwatch(roll: SeatRoll): Promise<void> {
    this.#rolls.delete(roll);
    const others = [...this.#rolls].some(({ filter }) => filter === roll.filter);
    if (!others) await this.link?.unsubscribe(roll.filter).catch(() => {});
  }

  async #begin(link: MqttLink): Promise<void> {
    this.#onLink(link.welcome);
    await link.subscribe(this.#echoTopic, false);
    for (const roll of this.#rolls) await this.#read(link, roll);
  }

  /** What the broker has retained comes before what is published to oneself after it. */
  async #read(link: MqttLink, roll: SeatRoll): Promise<void> {
    roll.clear();
    await link.subscribe(roll.filter, true);
    await this.#echo(link);
    // A broker that crashed has not said of anybody that he is gone.
    if (roll.startCall()) await link.publish(roll.callTopic, Buffer.from('call'), plain);
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
    if (topic === this.#echoTopic) this.#echoes.get(text)?.();
    else for (const roll of this.#rolls) roll.note(topic, text, !retain);
  }
}
