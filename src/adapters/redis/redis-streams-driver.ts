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
import { type RedisCapabilities, redisCapabilities } from './redis-capabilities.js';
import type { RedisConnection } from './redis-connection.js';
import { StreamDeadLetters } from './stream-dead-letters.js';
import { checkStart, joinGroup, newMember } from './stream-membership.js';
import { publishRecords } from './stream-publishing.js';
import { isReply, type StreamBounds, StreamScripts } from './stream-scripts.js';
import { StreamSubscription } from './stream-subscription.js';

/** What the driver goes by, checked. */
export interface RedisStreamsRules extends StreamBounds {
  readonly client: RedisConnection;
  readonly clock: Clock;
  readonly maxRecordBytes: number;
}

/** The oldest server that has all that the scripts use. */
const OLDEST: readonly [number, number] = [6, 2];

/** One process's way to the streams of a Redis server. */
export class RedisStreamsDriver implements Driver<RedisCapabilities> {
  readonly name = 'redis';
  readonly attributePrefix = 'ce-';
  readonly capabilities: RedisCapabilities;
  readonly deadLetters: StreamDeadLetters;
  readonly #rules: RedisStreamsRules;
  readonly #scripts: StreamScripts;
  readonly #open = new OpenSubscriptions();
  #closed = false;

  constructor(rules: RedisStreamsRules) {
    this.#rules = rules;
    this.capabilities = { ...redisCapabilities, maxRecordBytes: rules.maxRecordBytes };
    this.#scripts = new StreamScripts(rules.client, rules.clock, rules);
    this.deadLetters = new StreamDeadLetters(this.#scripts, rules.prefix);
  }

  /** @throws TopologyError when the server is too old. */
  async connect(): Promise<void> {
    this.#checkOpen();
    const version = await this.#version();
    if (version === undefined) return;
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
    throw new TopologyError(`redis: the server must be ${OLDEST.join('.')} or later, is ${version}`);
  }

  publish(records: readonly OutRecord[]): Promise<readonly PublishOutcome[]> {
    this.#checkOpen();
    return publishRecords(this.#scripts, this.#rules.clock, records);
  }

  async subscribe(spec: SubscribeSpec, sink: Sink): Promise<DriverSubscription> {
    this.#checkOpen();
    checkStart(spec);
    const { client, clock, prefix } = this.#rules;
    const membership = newMember(spec);
    await joinGroup(this.#scripts, spec, membership);
    const parts = { client, clock, scripts: this.#scripts, prefix, spec, membership, sink };
    const subscription = new StreamSubscription(parts);
    const handle = this.#open.add(subscription);
    sink.ready();
    return handle;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#open.close();
  }

  /** `undefined` where the server does not say: some that are rented out do not. */
  async #version(): Promise<string | undefined> {
    try {
      const info = String(await this.#scripts.send('INFO', ['server']));
      return /^redis_version:(\S+)/m.exec(info)?.[1];
    } catch (error) {
      if (isReply(error)) return undefined;
      throw error;
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new BusClosedError('redis: the bus is closed');
  }
}
