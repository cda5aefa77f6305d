import type { NatsConnection } from '@nats-io/transport-node';
import { BusClosedError, TopologyError } from '../../kernel/bus-errors.js';
import type { Clock } from '../../kernel/clock.js';
import type {
  Driver,
  DriverSubscription,
  OutRecord,
  PublishOutcome,
  Sink,
  SubscribeSpec,
} from '../../messaging/driver.js';
import { OpenSubscriptions } from '../../messaging/open-subscriptions.js';
import { JetStreamApi } from './jetstream-api.js';
import { type JetStreamCapabilities, jetStreamCapabilities } from './jetstream-capabilities.js';
import { joinConsumer, newMember } from './jetstream-consumers.js';
import { JetStreamDeadLetters } from './jetstream-dead-letters.js';
import { publishRecords } from './jetstream-publishing.js';
import { Room } from './jetstream-room.js';
import { ensureStreams, type StreamRules } from './jetstream-streams.js';
import { JetStreamSubscription } from './jetstream-subscription.js';
import { ApiError, isUnheard } from './nats-failures.js';
import { NatsLink } from './nats-link.js';

/** What the driver goes by, checked. */
export interface JetStreamRules extends StreamRules {
  readonly client: NatsConnection;
  readonly clock: Clock;
  readonly maxRecordBytes: number;
  readonly apiPrefix: string;
}

/** The oldest server that knows the requests which are made. */
const OLDEST: readonly [number, number] = [2, 9];

function checkVersion(version: string | undefined): void {
  const [major = 0, minor = 0] = (version ?? OLDEST.join('.')).split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new TopologyError(`nats: the server must be ${OLDEST.join('.')} or later, is ${version}`);
}

/** One process's way to the streams of a NATS server. */
export class JetStreamDriver implements Driver<JetStreamCapabilities> {
  readonly name = 'nats';
  readonly attributePrefix = 'ce-';
  readonly capabilities: JetStreamCapabilities;
  readonly deadLetters: JetStreamDeadLetters;
  readonly #rules: JetStreamRules;
  readonly #link: NatsLink;
  readonly #api: JetStreamApi;
  readonly #room: Room;
  readonly #open = new OpenSubscriptions();
  #ensuring: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(rules: JetStreamRules) {
    const { client, clock, prefix, maxRecordBytes, apiPrefix } = rules;
    this.#rules = rules;
    this.capabilities = { ...jetStreamCapabilities, maxRecordBytes };
    this.#link = new NatsLink(client, clock);
    this.#api = new JetStreamApi(this.#link, apiPrefix);
    this.#room = new Room(this.#api, clock, prefix);
    this.deadLetters = new JetStreamDeadLetters(this.#api, clock, prefix);
  }

  /** @throws TopologyError when the server is too old, or the streams are not there, or are otherwise. */
  async connect(): Promise<void> {
    this.#checkOpen();
    checkVersion(this.#rules.client.info?.version);
    await this.#ensure();
    this.#room.start();
  }

  async publish(records: readonly OutRecord[]): Promise<readonly PublishOutcome[]> {
    this.#checkOpen();
    const outcomes = await publishRecords(this.#api, this.#rules.prefix, records);
    const errors = outcomes.flatMap(outcome => (outcome.ok ? [] : [outcome.error]));
    // Whoever tries again is to find room, and a stream.
    if (errors.some(error => error instanceof ApiError && error.status >= 500)) await this.#room.make();
    if (errors.some(isUnheard)) await this.#ensure().catch(() => {});
    return outcomes;
  }

  async subscribe(spec: SubscribeSpec, sink: Sink): Promise<DriverSubscription> {
    this.#checkOpen();
    const { clock, prefix } = this.#rules;
    const api = this.#api;
    const member = newMember(spec);
    const joined = await joinConsumer(api, prefix, spec, member);
    const subscription = new JetStreamSubscription(
      {
        ...{ api, clock, prefix, spec, member, sink },
        join: async from => {
          await this.#ensure();
          return joinConsumer(api, prefix, spec, member, from);
        },
        bury: (delivery, headers) => this.deadLetters.bury(spec.group ?? member.name, delivery, headers),
      },
      joined,
    );
    const handle = this.#open.add(subscription);
    sink.ready();
    return handle;
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#room.close();
    await this.#open.close();
    this.#link.close();
  }

  #ensure(): Promise<void> {
    this.#ensuring ??= ensureStreams(this.#api, this.#rules).finally(() => {
      this.#ensuring = undefined;
    });
    return this.#ensuring;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new BusClosedError('nats: the bus is closed');
  }
}
