import type { AppliedMigration, Migration, MigrationReport } from './migration.js';
import type { OwnershipFinding } from './ownership.js';
import type { SqlDialect } from './ownership-tokens.js';
import type { ProvisionOptions, ProvisionPlan } from './provision.js';

/** What a transaction is to be. */
export interface TransactionMode {
  /** What it sees of others. @default what the server is set to */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** Whether the server refuses all that would change something. @default false */
  readonly readOnly?: boolean;
}

/** How far the migrations of a database have come, and the checksums of those that a program knows. */
export interface MigrationFootprint {
  /** Those that were applied, in their order. */
  readonly applied: readonly AppliedMigration[];
  /** Those of the program, in theirs. */
  readonly known: readonly AppliedMigration[];
}

/**
 * One kind of database, and the place of one service in it. A `ServiceDatabase` asks it for all that it
 * does.
 */
export interface DatabaseDriver<Client, Transaction> {
  /** Which product: `postgres`, `mariadb`. */
  readonly product: string;
  /** Whose data it is. */
  readonly service: string;
  /** Whose SQL its migrations are in. */
  readonly dialect: SqlDialect;
  /** The schemas that are the service's own, and those that all may use. */
  readonly schemas: readonly string[];
  /** What `provision` runs. */
  plan(): ProvisionPlan;
  /** Runs the plan; again, as often as one likes. */
  provision(client: Client, options: ProvisionOptions<Client>): Promise<void>;
  /** Looks at all grants: at most `limit` findings, by kind, object and role. */
  inspect(client: Client | undefined, limit: number): Promise<readonly OwnershipFinding[]>;
  /** Applies what is pending, one process at a time, and sees to the grants of what was made. */
  migrate(client: Client, migrations: readonly Migration[]): Promise<MigrationReport>;
  /** How far it has come; changes nothing. */
  footprint(client: Client | undefined, migrations: readonly Migration[]): Promise<MigrationFootprint>;
  /**
   * Runs `work` in a transaction as the app of the service. It commits when `work` resolves, and rolls
   * back when it rejects or `signal` aborts; then it rejects with what was thrown, or the reason of the
   * signal.
   */
  transaction<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    mode: TransactionMode,
    signal: AbortSignal,
  ): Promise<Result>;
  /** How it was made, as JSON; nothing secret. */
  describe(): Readonly<Record<string, unknown>>;
}
