import { BusClosedError } from '../../kernel/bus-errors.js';
import { systemClock } from '../../kernel/clock.js';
import { checkKeys } from '../../kernel/options.js';
import { newId } from '../../kernel/random.js';
import type {
  DeadLetterShelf,
  Driver,
  DriverSubscription,
  OutRecord,
  PublishOutcome,
  Sink,
  SubscribeSpec,
} from '../../messaging/driver.js';
import { Batcher } from '../sql/batcher.js';
import { type PostgresCapabilities, postgresCapabilities } from './bus-capabilities.js';
import { deadLettersOf } from './bus-dead-letters.js';
import { enterGroup } from './bus-groups.js';
import { checkPostgres, type PostgresDriverOptions, postgresOptions } from './bus-options.js';
import { publishBatch } from './bus-publish.js';
import { Settlements } from './bus-settle.js';
import { PostgresSubscription } from './bus-subscription.js';
import { busTables } from './bus-tables.js';
import { Upkeep } from './bus-upkeep.js';
import type { PostgresClient } from './client.js';
import { Database } from './database.js';
import { migrate } from './migration.js';
import { Notifications } from './notifications.js';

/** So many records are stored in one statement, and so many bytes, but at least one. */
const LARGEST_BATCH = 1_024;

/** One process's way to the messages of a schema. */
export class PostgresDriver implements Driver<PostgresCapabilities> {
  readonly name = 'postgres';
  readonly attributePrefix = 'ce-';
  readonly capabilities: PostgresCapabilities;
  readonly deadLetters: DeadLetterShelf;
  readonly #db: Database;
  readonly #topology: 'ensure' | 'check' | 'none';
  readonly #pollMs: number;
  readonly #settlements: Settlements;
  readonly #publishes: Batcher<OutRecord, PublishOutcome>;
  readonly #upkeep: Upkeep;
  readonly #notifications: Notifications | undefined;
  readonly #open = new Set<PostgresSubscription>();
  #closed = false;

  constructor(options: PostgresDriverOptions, owner = 'postgresDriver') {
    const all = checkPostgres(owner, options);
    const { client, schema, clock = systemClock, notifications } = all;
    this.#db = new Database(client, schema, clock, all.statementTimeoutMs);
    this.#topology = all.topology;
    this.#pollMs = all.pollMs;
    this.capabilities = { ...postgresCapabilities, maxRecordBytes: all.maxRecordBytes };
    this.deadLetters = deadLettersOf(this.#db);
    this.#settlements = new Settlements(this.#db);
    const store = (records: readonly OutRecord[]) => publishBatch(this.#db, records);
    this.#publishes = new Batcher(store, clock, LARGEST_BATCH, record => record.body.byteLength);
    this.#upkeep = new Upkeep(this.#db, {
      message: all.retainMs,
      deadLetter: all.retainDeadLettersMs,
      backlog: all.maxBacklog,
    });
    const wakeAll = () => {
      for (const subscription of this.#open) subscription.wake();
    };
    this.#notifications =
      notifications === undefined ? undefined : new Notifications(this.#db, notifications, wakeAll);
  }

  async connect(): Promise<void> {
    this.#checkOpen();
    await migrate(this.#db, busTables, this.#topology);
    this.#upkeep.start();
  }

  async publish(
    records: readonly OutRecord[],
    transaction?: PostgresClient,
  ): Promise<readonly PublishOutcome[]> {
    this.#checkOpen();
    // What is part of a transaction is seen when it commits, and nobody tells us.
    if (transaction !== undefined) return publishBatch(this.#db, records, transaction);
    const outcomes = await this.#publishes.addAll(records);
    this.#tell(records, outcomes);
    return outcomes;
  }

  async subscribe(spec: SubscribeSpec, sink: Sink): Promise<DriverSubscription> {
    this.#checkOpen();
    const member = newId();
    const group = await enterGroup(this.#db, spec, member);
    this.#notifications?.listen();
    const parts = { db: this.#db, settlements: this.#settlements, pollMs: this.#pollMs };
    const forget = (ended: PostgresSubscription): void => void this.#open.delete(ended);
    const subscription = new PostgresSubscription(parts, spec, sink, { group, member }, forget);
    this.#open.add(subscription);
    sink.ready();
    return subscription;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#open].map(subscription => subscription.close()));
    await this.#settlements.idle();
    await this.#publishes.idle();
    await this.#upkeep.close();
    await this.#notifications?.close();
  }

  #tell(records: readonly OutRecord[], outcomes: readonly PublishOutcome[]): void {
    if (!outcomes.some(outcome => outcome.ok && outcome.duplicate !== true)) return;
    const topics = new Set(records.map(record => record.topic));
    for (const topic of topics) for (const subscription of this.#open) subscription.wake(topic);
    this.#notifications?.send();
  }

  #checkOpen(): void {
    if (this.#closed) throw new BusClosedError('postgres: the bus is closed');
  }
}

/**
 * The driver of `postgresBus` alone, for `createBus` and for `busLaws`.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function postgresDriver(options: PostgresDriverOptions): Driver<PostgresCapabilities> {
  checkKeys('postgresDriver', options, postgresOptions);
  return new PostgresDriver(options);
}
