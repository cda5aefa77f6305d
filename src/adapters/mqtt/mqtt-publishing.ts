import { matchesPattern } from '../../core/topic-pattern.js';
import { RecordTooLargeError } from '../../kernel/bus-errors.js';
import type { Clock } from '../../kernel/clock.js';
import type { OutRecord, PublishOutcome } from '../../messaging/driver.js';
import type { MqttPublishing } from './mqtt-connection.js';
import type { MqttDesk } from './mqtt-desk.js';
import { LinkError, reason } from './mqtt-link.js';
import { bufferOf, packetSize, propertiesOf } from './mqtt-record.js';
import type { SeatRoll } from './mqtt-seats.js';
import { isDeadLetterTopic, type MqttTopics } from './mqtt-topics.js';

/** What publishing goes by. */
export interface PublishingRules {
  readonly unrouted: 'ignore' | 'refuse';
  readonly retained: readonly string[];
  readonly awaitGroups: boolean;
}

/** What no other try does better. */
const hopeless: readonly (number | undefined)[] = [
  ...[reason.notAuthorized, reason.topicNameInvalid, reason.packetTooLarge, reason.payloadFormatInvalid],
];

/** Publishes with acknowledgements, and says of each what the broker has said. */
export class MqttPublishingDesk {
  readonly #desk: MqttDesk;
  readonly #topics: MqttTopics;
  readonly #clock: Clock;
  readonly #rules: PublishingRules;
  readonly #restore: (roll: SeatRoll) => void;

  /** `restore` subscribes again for a group of which nobody is there. */
  constructor(
    desk: MqttDesk,
    topics: MqttTopics,
    clock: Clock,
    rules: PublishingRules,
    restore: (roll: SeatRoll) => void,
  ) {
    this.#desk = desk;
    this.#topics = topics;
    this.#clock = clock;
    this.#rules = rules;
    this.#restore = restore;
  }

  publish(records: readonly OutRecord[]): Promise<readonly PublishOutcome[]> {
    return Promise.all(records.map(record => this.#one(record)));
  }

  async #one(record: OutRecord): Promise<PublishOutcome> {
    const topic = this.#topics.topic(record.topic);
    const properties = propertiesOf(record, this.#clock.wall());
    const size = packetSize(topic, properties, record.body);
    const most = this.#desk.link?.welcome.properties?.maximumPacketSize ?? Infinity;
    if (size > most) {
      const error = new RecordTooLargeError(
        `${record.topic}: a packet of ${size} bytes, the broker takes ${most}`,
      );
      return { ok: false, error, retryable: false, maybeStored: false };
    }
    const missing = this.#missing(record.topic);
    if (missing !== undefined) return notStored(missing);
    const retain = this.#rules.retained.some(pattern => matchesPattern(pattern, record.topic));
    const options: MqttPublishing = { qos: 1, retain, properties };
    try {
      const body = bufferOf(record.body);
      const answer = await this.#desk.publish(link => link.publish(topic, body, options));
      if (answer === undefined) return notStored(new LinkError('there is no connection', {}));
      return answer === reason.noMatchingSubscribers ? this.#unrouted(record.topic) : { ok: true };
    } catch (error) {
      return failed(error);
    }
  }

  /** A group that the broker may not know any more would not get it, and nobody would be told. */
  #missing(topic: string): LinkError | undefined {
    if (!this.#rules.awaitGroups || this.#desk.link === undefined) return undefined;
    const missing = this.#desk.missing(topic);
    for (const roll of missing) if (roll.deserted) this.#restore(roll);
    const names = missing.map(({ group }) => group).join(', ');
    return missing.length === 0 ? undefined : new LinkError(`${topic}: waits for the groups ${names}`, {});
  }

  /** A dead letter that nobody keeps would be lost, when its original is settled. */
  #unrouted(topic: string): PublishOutcome {
    // A group that is known must have subscribed, and has not: it is known of too late, or was forgotten.
    // One that was assured and that nobody is in has come to its end meanwhile.
    const lasts = (roll: SeatRoll): boolean => !roll.assured || !roll.deserted;
    const isMissed = this.#rules.awaitGroups && this.#desk.groups(topic).some(lasts);
    if (this.#rules.unrouted === 'ignore' && !isDeadLetterTopic(topic) && !isMissed) return { ok: true };
    const reasonCode = reason.noMatchingSubscribers;
    return notStored(new LinkError(`${topic}: nobody has subscribed to it`, { reasonCode }));
  }
}

function notStored(error: unknown): PublishOutcome {
  return { ok: false, error, retryable: true, maybeStored: false };
}

function failed(error: unknown): PublishOutcome {
  const { reasonCode, unanswered } = error as LinkError;
  if (unanswered) return { ok: false, error, retryable: true, maybeStored: true };
  return { ok: false, error, retryable: !hopeless.includes(reasonCode), maybeStored: false };
}
