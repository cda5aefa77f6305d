import type { CallOptions } from '../kernel/context.js';
import { isPolicy } from '../kernel/is-guard.js';
import { checkFlag, checkKeys, checkNumber, checkOneOf, given, isRecord, refuse } from '../kernel/options.js';
import { pipeline } from '../kernel/pipeline.js';
import type { Policy } from '../kernel/policy.js';
import type { Inbox } from './inbox.js';
import { checkMigrations, type Migration, type MigrationReport, migrationStanding } from './migration.js';
import type { Outbox } from './outbox.js';
import type { OwnershipReport } from './ownership.js';
import type { ProvisionOptions, ProvisionPlan } from './provision.js';
import type { DatabaseDriver, TransactionMode } from './service-database-driver.js';
import { MigrationError, OwnershipError } from './service-database-errors.js';
import { OpenServiceTransaction, type ServiceTransaction } from './service-transaction.js';

/** How a `ServiceDatabase` is made. */
export interface ServiceDatabaseOptions<Client, Transaction> {
  /** Which database it is, and whose. */
  readonly driver: DatabaseDriver<Client, Transaction>;
  /** The steps of the schema, in their order. @default none */
  readonly migrations?: readonly Migration[];
  /** What stands around each transaction: a breaker, a bulkhead, a timeout. @default none */
  readonly policy?: Policy;
  /** What `transaction.outbox` publishes by, over a store in this database. */
  readonly outbox?: Outbox<Transaction>;
  /** What `transaction.inbox` handles by, over a store in this database. */
  readonly inbox?: Inbox<Transaction>;
  /** How many findings a report lists at most, an integer >= 1. @default 1000 */
  readonly maxFindings?: number;
  /** Shown in errors and `describe()`. @default that of the service */
  readonly name?: string;
}

/** What one transaction may be told: what it is to be, and what any call may be told. */
export interface ServiceTransactionOptions extends TransactionMode, CallOptions {}

/** The numbers of a service database. */
export interface ServiceDatabaseDefaults {
  /** How many findings a report lists at most. */
  readonly maxFindings: number;
}

/** How a service database was made. */
export interface ServiceDatabaseDescription extends ServiceDatabaseDefaults {
  /** What this is. */
  readonly kind: 'service-database';
  /** Shown in errors. */
  readonly name: string;
  /** Whose data it is. */
  readonly service: string;
  /** Which database, and how it is used. */
  readonly driver: Readonly<Record<string, unknown>>;
  /** The ids of the migrations. */
  readonly migrations: readonly string[];
  /** The policy around transactions, as it tells of itself; `null` without one. */
  readonly policy: unknown;
}

const defaults: ServiceDatabaseDefaults = /* @__PURE__ */ Object.freeze({ maxFindings: 1_000 });
const owner = 'ServiceDatabase';
const known = ['driver', 'migrations', 'policy', 'outbox', 'inbox', 'maxFindings', 'name'];
const asked = ['plan', 'provision', 'inspect', 'migrate', 'footprint', 'transaction', 'describe'] as const;
const modes = ['isolation', 'readOnly'] as const;
const levels = ['read committed', 'repeatable read', 'serializable'] as const;

/**
 * The data of one service: its own place in a database, nobody else's; its migrations; its transactions,
 * with the messages that are a part of them.
 *
 * @example
 * ```ts
 * import { PGlite } from '@electric-sql/pglite';
 * import { ServiceDatabase } from 'keelson/data';
 * import { postgresDatabase } from 'keelson/postgres';
 *
 * const client = await PGlite.create();
 * const driver = postgresDatabase({ service: 'orders', client, asRole: true });
 * const migrations = [{ id: '001-orders', sql: 'CREATE TABLE orders (id text PRIMARY KEY, cents int)' }];
 * const orders = new ServiceDatabase({ driver, migrations });
 * await orders.provision(client);
 * await orders.migrate(client);
 * await orders.verifyOwnership();
 * await orders.transaction(({ sql }) => sql.query('INSERT INTO orders VALUES ($1, $2)', ['o-1', 700]));
 * ```
 */
export class ServiceDatabase<Client, Transaction> {
  readonly #driver: DatabaseDriver<Client, Transaction>;
  readonly #migrations: readonly Migration[];
  readonly #policy: Policy;
  readonly #parts: {
    readonly name: string;
    readonly outbox: Outbox<Transaction> | undefined;
    readonly inbox: Inbox<Transaction> | undefined;
  };
  readonly #maxFindings: number;
  readonly #hasPolicy: boolean;

  /**
   * @throws TypeError or RangeError that names the option, the rule and the value; MigrationError for a
   * migration that names what is another service's.
   */
  constructor(options: ServiceDatabaseOptions<Client, Transaction>) {
    checkKeys(owner, options, known);
    const { driver, migrations = [], policy, outbox, inbox, ...rest } = { ...defaults, ...given(options) };
    for (const method of asked) {
      if (typeof driver?.[method] !== 'function') {
        refuse(owner, 'driver', `a DatabaseDriver with ${method}`, driver);
      }
    }
    if (policy !== undefined && !isPolicy(policy)) refuse(owner, 'policy', 'a policy', policy);
    if (outbox !== undefined && typeof outbox.publishAll !== 'function') {
      refuse(owner, 'outbox', 'an Outbox', outbox);
    }
    if (inbox !== undefined && typeof inbox.run !== 'function') refuse(owner, 'inbox', 'an Inbox', inbox);
    const { maxFindings, name = driver.service } = rest;
    checkNumber(owner, 'maxFindings', maxFindings, { min: 1, max: 1_000_000, integer: true });
    this.#driver = driver;
    this.#migrations = checkMigrations(migrations, driver);
    this.#policy = policy ?? pipeline();
    this.#hasPolicy = policy !== undefined;
    this.#parts = { name, outbox, inbox };
    this.#maxFindings = maxFindings;
  }

  /** What stands where an option was left out. */
  static get defaults(): ServiceDatabaseDefaults {
    return defaults;
  }

  /** What {@link ServiceDatabase.provision} would run, without a server. */
  plan(): ProvisionPlan {
    return this.#driver.plan();
  }

  /**
   * Gives the service its place: roles, schema or database, limits, grants. Run again it changes nothing,
   * and takes back what was changed of it by hand.
   *
   * @param client One whose role may make roles: that of an administrator, never that of the service.
   * @throws ProvisionError, without a password in it.
   */
  async provision(client: Client, options: ProvisionOptions<Client> = {}): Promise<ProvisionPlan> {
    checkKeys('provision', options, ['passwords', 'inside']);
    const { passwords, inside } = options;
    if (passwords !== undefined && !isRecord(passwords))
      refuse('provision', 'passwords', 'an object', passwords);
    if (inside !== undefined && typeof inside !== 'function')
      refuse('provision', 'inside', 'a function', inside);
    await this.#driver.provision(client, options);
    return this.#driver.plan();
  }

  /**
   * Looks whether the service can touch what is not its own, or others what is: all grants, owners,
   * memberships and what reaches across. Changes nothing. In PostgreSQL it needs no more than the app has, in
   * MariaDB a `client` that may see the grants of others.
   */
  async inspectOwnership(client?: Client): Promise<OwnershipReport> {
    const most = this.#maxFindings;
    const all = await this.#driver.inspect(client, most + 1);
    return { service: this.#driver.service, findings: all.slice(0, most), truncated: all.length > most };
  }

  /**
   * The same, for boot and CI.
   *
   * @throws OwnershipError when anything is found.
   */
  async verifyOwnership(client?: Client): Promise<OwnershipReport> {
    const report = await this.inspectOwnership(client);
    if (report.findings.length > 0) throw new OwnershipError(report);
    return report;
  }

  /**
   * Applies the migrations that are pending, each in a transaction of its own, one program at a time.
   *
   * @param client One of the migrator, or of an administrator.
   * @throws MigrationError for one that was edited, stands at another place, or failed: of that one
   * nothing is left where the database can roll it back.
   */
  migrate(client: Client): Promise<MigrationReport> {
    return this.#driver.migrate(client, this.#migrations);
  }

  /**
   * Only looks: for a program whose role may change no tables, at boot. Migrations that a newer program has
   * applied are fine.
   *
   * @throws MigrationError when one is pending, was edited, or stands at another place.
   */
  async verifyMigrations(client?: Client): Promise<MigrationReport> {
    const { known: mine, applied } = await this.#driver.footprint(client, this.#migrations);
    const standing = migrationStanding(mine, applied);
    const [first] = standing.pending;
    if (first === undefined) return { applied: [], ...standing };
    const more = standing.pending.length - 1;
    const says = `${this.#parts.name}: migration ${JSON.stringify(first)} was not applied`;
    const rest = more > 0 ? `, nor ${more} after it` : '';
    throw new MigrationError(`${says}${rest}`, { reason: 'pending', migration: first });
  }

  /**
   * Runs `work` in a transaction, behind the policy. It commits when `work` resolves and rolls back when it
   * rejects, or when nobody waits for it any more.
   *
   * @throws What `work`, the database or the policy throws; TransactionAbortedError when `work` caught
   * what had ended the transaction; CommitUnknownError when nobody knows how it ended.
   */
  async transaction<Result>(
    work: (transaction: ServiceTransaction<Transaction>) => Result | PromiseLike<Result>,
    options: ServiceTransactionOptions = {},
  ): Promise<Result> {
    const { name } = this.#parts;
    if (typeof work !== 'function') refuse(name, 'work', 'a function', work);
    const { isolation, readOnly, ...call } = options;
    if (isolation !== undefined) checkOneOf(name, modes[0], isolation, levels);
    if (readOnly !== undefined) checkFlag(name, modes[1], readOnly);
    const mode = given({ isolation, readOnly }) as TransactionMode;
    return this.#policy.execute<Result>(
      context =>
        this.#driver.transaction<Result>(
          async sql => {
            const open = new OpenServiceTransaction(this.#parts, sql, context);
            try {
              return await work(open);
            } finally {
              open.over();
            }
          },
          mode,
          context.signal,
        ),
      call,
    );
  }

  /** How it was made. */
  describe(): ServiceDatabaseDescription {
    const { name } = this.#parts;
    const { service } = this.#driver;
    const policy = this.#hasPolicy ? this.#policy : undefined;
    const described = (policy as { describe?: () => unknown } | undefined)?.describe?.() ?? null;
    const ids = this.#migrations.map(({ id }) => id);
    const facts = { name, service, maxFindings: this.#maxFindings, policy: described };
    return { kind: 'service-database', ...facts, driver: this.#driver.describe(), migrations: ids };
  }
}
