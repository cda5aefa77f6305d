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
import { SeatRoll } from './mqtt-seats.js';
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
/** Nobody answers a call sooner than that, in ms, when much is to be done. */
const LEAST_ANSWER_MS = 5_000;

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
  /** Under which name this process has its seats. */
  readonly #holder = newId();
  #closed = false;

  constructor(rules: MqttRules) {
    this.#rules = rules;
    this.capabilities = { ...mqttCapabilities, maxRecordBytes: rules.maxRecordBytes };
    this.#topics = new MqttTopics(rules.prefix);
    this.#desk = new MqttDesk(rules, this.#topics.own, checkBroker);
    this.#publishing = new MqttPublishingDesk(this.#desk, this.#topics, rules.clock, rules);
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
    const seats = spec.group === undefined ? undefined : await this.#seats(spec, spec.group, () => made);
    const alone = seats === undefined ? this.#alone(spec) : undefined;
    made = new MqttSubscription({ ...parts, alone, seats });
    const subscription = made;
    const handle: DriverSubscription = {
      request: count => subscription.request(count),
      pause: () => subscription.pause(),
      close: async () => {
        if (!this.#open.delete(handle)) return;
        await subscription.close();
        if (seats !== undefined) await this.#desk.unwatch(seats.roll);
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
  async #seats(
    spec: SubscribeSpec,
    group: string,
    member: () => MqttSubscription | undefined,
  ): Promise<SeatChoice> {
    const { pattern, topology, leaseMs } = spec;
    const base = `${this.#topics.own}/seats/${group}/${pattern}`;
    const events = { changed: () => member()?.look(), called: () => member()?.answer() };
    const roll = new SeatRoll(base, this.#rules.clock, Math.max(leaseMs, LEAST_ANSWER_MS), events);
    await this.#desk.watch(roll);
    if (topology !== 'ensure' && roll.size === 0) {
      await this.#desk.unwatch(roll);
      throw new TopologyError(`mqtt: the group ${group} of ${pattern} is not there`);
    }
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
    const seats = await this.#seats(of, of.group, () => undefined);
    try {
      if (seats.roll.size === 0) {
        const keeper = new MqttSession(this.#rules, seats.plan(newId(), false), silent);
        await keeper.open();
        await keeper.leave();
      }
      this.#kept.add(of.pattern);
    } finally {
      await this.#desk.unwatch(seats.roll);
    }
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
