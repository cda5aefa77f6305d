import { hasWildcard } from '../../core/topic-pattern.js';
import { BusClosedError, TopologyError } from '../../kernel/bus-errors.js';
import { newId } from '../../kernel/random.js';
import { deadLetterTopic } from '../../messaging/dead-letter.js';
import type {
  Driver,
  DriverSubscription,
  OutRecord,
  PublishOutcome,
  Sink,
  SubscribeSpec,
} from '../../messaging/driver.js';
import { type MqttCapabilities, mqttCapabilities } from './mqtt-capabilities.js';
import type { MqttWelcome } from './mqtt-connection.js';
import { MqttDesk } from './mqtt-desk.js';
import type { LineParts } from './mqtt-line.js';
import { MqttPublishingDesk, type PublishingRules } from './mqtt-publishing.js';
import type { SeatListener, SeatRoll } from './mqtt-seats.js';
import { MqttSession, type SessionPlan } from './mqtt-session.js';
import { MqttSubscription, type SeatChoice } from './mqtt-subscription.js';
import { isDeadLetterTopic, MqttTopics } from './mqtt-topics.js';

/** What the driver goes by, checked. */
export interface MqttRules extends LineParts, PublishingRules {
  readonly prefix: string;
  readonly sessionExpiryMs: number;
  readonly deadLetterGroup: string | null;
  readonly maxRecordBytes: number;
}

/** For so long the broker keeps the session of a subscriber without a group, in seconds. */
const GUEST_SECONDS = 60;
/** The broker takes no more. */
const MOST_IN_FLIGHT = 65_535;
const DEFAULT_PREFETCH = 20;

/** One process's way to a broker of MQTT 5. */
export class MqttDriver implements Driver<MqttCapabilities> {
  readonly name = 'mqtt';
  /** As the binding of CloudEvents for MQTT has it. */
  readonly attributePrefix = '';
  readonly capabilities: MqttCapabilities;
  readonly #rules: MqttRules;
  readonly #topics: MqttTopics;
  readonly #desk: MqttDesk;
  readonly #publishing: MqttPublishingDesk;
  readonly #open = new Set<DriverSubscription>();
  /** The seats that this process has, or is about to take. */
  readonly #ours = new Set<string>();
  /** The groups of which it is known that their dead letters are kept. */
  readonly #kept = new Set<string>();
  /** The groups that are being subscribed again. */
  readonly #restoring = new Set<string>();
  /** Under which name this process has its seats. */
  readonly #holder = newId();
  #closed = false;

  constructor(rules: MqttRules) {
    this.#rules = rules;
    this.capabilities = { ...mqttCapabilities, maxRecordBytes: rules.maxRecordBytes };
    this.#topics = new MqttTopics(rules.prefix);
    this.#desk = new MqttDesk(rules, this.#topics.own, checkBroker);
    const restore = (roll: SeatRoll): void => void this.#restore(roll);
    this.#publishing = new MqttPublishingDesk(this.#desk, this.#topics, rules.clock, rules, restore);
  }

  /** @throws TopologyError when the broker lacks what a bus needs. */
  async connect(): Promise<void> {
    this.#checkOpen();
    await this.#desk.open();
  }

  publish(records: readonly OutRecord[]): Promise<readonly PublishOutcome[]> {
    this.#checkOpen();
    return this.#publishing.publish(records);
  }

  async subscribe(spec: SubscribeSpec, sink: Sink): Promise<DriverSubscription> {
    this.#checkOpen();
    this.#checkPattern(spec);
    const { connect, clock, random } = this.#rules;
    const parts = { connect, clock, random, topics: this.#topics, sink };
    let made: MqttSubscription | undefined;
    // The seats are looked through before there is a member that is told of them.
    const listener: SeatListener = { look: () => made?.look(), answer: () => made?.answer() };
    const seats = spec.group === undefined ? undefined : this.#seats(spec, spec.group, listener);
    const alone = seats === undefined ? this.#alone(spec) : undefined;
    made = new MqttSubscription({ ...parts, alone, seats });
    const subscription = made;
    const handle: DriverSubscription = {
      request: count => subscription.request(count),
      pause: () => subscription.pause(),
      close: async () => {
        if (!this.#open.delete(handle)) return;
        await subscription.close();
        if (seats !== undefined) this.#desk.leave(seats.roll, listener);
      },
    };
    this.#open.add(handle);
    try {
      await subscription.open();
      if (spec.topology === 'ensure') await this.#keepDeadLetters(spec);
    } catch (error) {
      await handle.close();
      throw error;
    }
    sink.ready();
    return handle;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map(subscription => subscription.close()));
    await this.#desk.close();
  }

  /** @throws TopologyError when the group has to be there and is not. */
  #seats(spec: SubscribeSpec, group: string, listener: SeatListener): SeatChoice {
    const { pattern, topology } = spec;
    const roll = this.#desk.join(group, pattern, listener);
    if (topology !== 'ensure' && roll.size === 0) {
      this.#desk.leave(roll, listener);
      throw new TopologyError(`mqtt: the group ${group} of ${pattern} is not there`);
    }
    const { base } = roll;
    const nameOf = (seat: string): string => `${base}/${seat}`;
    const isOurs = (seat: string): boolean => this.#ours.has(nameOf(seat));
    return {
      roll,
      isOurs,
      hold: seat => void this.#ours.add(nameOf(seat)),
      release: seat => void this.#ours.delete(nameOf(seat)),
      choose: () => {
        const free = roll.free.filter(seat => !isOurs(seat));
        return free[Math.floor(this.#rules.random() * free.length)] ?? newId();
      },
      plan: (seat, toEmpty) => ({
        ...this.#plan(spec),
        clientId: `${this.#topics.own}${group}-${pattern}-${seat}`,
        filter: this.#topics.shared(group, pattern),
        seat: nameOf(seat),
        heldBy: () => roll.holder(seat),
        toEmpty,
      }),
    };
  }

  #alone(spec: SubscribeSpec): SessionPlan {
    const { retained } = this.#rules;
    const clientId = `${this.#topics.own}guest-${newId()}`;
    const filter = this.#topics.filter(spec.pattern);
    const of = { clientId, filter, seat: undefined, retained: retained.length > 0 };
    return { ...this.#plan(spec), ...of, expirySeconds: GUEST_SECONDS };
  }

  #plan({ leaseMs, prefetch = DEFAULT_PREFETCH }: SubscribeSpec) {
    return {
      own: this.#topics.own,
      holder: this.#holder,
      heldBy: () => undefined,
      toEmpty: false,
      retained: false,
      expirySeconds: Math.ceil(this.#rules.sessionExpiryMs / 1_000),
      graceSeconds: Math.ceil(leaseMs / 1_000),
      receiveMaximum: Math.min(prefetch, MOST_IN_FLIGHT),
    };
  }

  /** Dead letters are messages of a topic: a group must be there for them before the first one is. */
  async #keepDeadLetters(spec: SubscribeSpec): Promise<void> {
    const { deadLetterGroup } = this.#rules;
    const { group, pattern } = spec;
    if (group === undefined || deadLetterGroup === null) return;
    if (isDeadLetterTopic(pattern) || pattern.endsWith('>')) return;
    const of = { ...spec, pattern: deadLetterTopic(pattern, group), group: deadLetterGroup };
    if (this.#kept.has(of.pattern)) return;
    const seats = this.#seats(of, of.group, deaf);
    try {
      if (seats.roll.size === 0) await this.#occupy(seats.plan(newId(), false));
      this.#kept.add(of.pattern);
    } finally {
      this.#desk.leave(seats.roll, deaf);
    }
  }

  /**
   * Brokers forget shared subscriptions when they are started again, Mosquitto 2.0 for one. Where nobody of a
   * group is there to subscribe again, whoever publishes does it.
   */
  async #restore({ group, pattern, base }: SeatRoll): Promise<void> {
    if (this.#restoring.has(base) || this.#closed) return;
    this.#restoring.add(base);
    const seats = this.#seats({ ...aMember, pattern }, group, deaf);
    try {
      const [seat] = seats.roll.free.filter(each => !seats.isOurs(each));
      if (seat !== undefined) await this.#occupy(seats.plan(seat, false));
    } catch {
      // The message that is waiting for it is published again, and it is tried again.
    } finally {
      this.#desk.leave(seats.roll, deaf);
      this.#restoring.delete(base);
    }
  }

  /** Makes a session, or subscribes it again, and leaves it. */
  async #occupy(plan: SessionPlan): Promise<void> {
    const session = new MqttSession(this.#rules, plan, silent);
    await session.open();
    await session.leave();
  }

  /** @throws TopologyError for what the broker has said that it does not do. */
  #checkPattern({ pattern, group }: SubscribeSpec): void {
    const { sharedSubscriptionAvailable, wildcardSubscriptionAvailable } =
      this.#desk.link?.welcome.properties ?? {};
    if (group !== undefined && sharedSubscriptionAvailable === false) {
      throw new TopologyError('mqtt: the broker has no shared subscriptions, which groups are made of');
    }
    if (hasWildcard(pattern) && wildcardSubscriptionAvailable === false) {
      throw new TopologyError(`mqtt: the broker has no wildcards, which ${pattern} is made of`);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new BusClosedError('mqtt: the bus is closed');
  }
}

/** Who takes a seat to leave it again. */
const aMember: Omit<SubscribeSpec, 'pattern'> = {
  ...{ group: undefined, start: 'latest', order: 'none', leaseMs: 30_000, topology: 'ensure' },
  prefetch: 1,
};
const deaf: SeatListener = { look() {}, answer() {} };
/** Nobody listens to a session that is only made. */
const silent = { message() {}, lost() {}, ready() {}, ousted() {}, empty() {} };

/** @throws TopologyError for a broker on which no bus can be. */
function checkBroker({ properties = {} }: MqttWelcome): void {
  if (properties.maximumQoS === 0)
    throw new TopologyError('mqtt: the broker must take QoS 1, it takes QoS 0');
  if (properties.retainAvailable === false) {
    throw new TopologyError('mqtt: the broker must retain messages: the members of groups are known by them');
  }
}
