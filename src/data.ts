export type { ParkReason, PublishVerdict } from './core/outbox-failure.js';
export type { Grant, HoldPlan } from './core/outbox-holds.js';
export type { LaneRow } from './core/outbox-lanes.js';
export {
  Inbox,
  type InboxAnswer,
  type InboxDefaults,
  type InboxDescription,
  type InboxOptions,
  type InboxRow,
  type InboxStore,
} from './data/inbox.js';
export { InboxMessageError, InboxResultError } from './data/inbox-errors.js';
export {
  type CopyLoad,
  type CopyLoadReport,
  LocalCopy,
} from './data/local-copy.js';
export { CopyChangeError, CopyStaleError } from './data/local-copy-errors.js';
export { type InMemoryLocalCopyOptions, InMemoryLocalCopyStore } from './data/local-copy-memory.js';
export type {
  CopiedRow,
  CopyChange,
  CopyFreshness,
  LocalCopyDefaults,
  LocalCopyDescription,
  LocalCopyOptions,
} from './data/local-copy-options.js';
export type { CopyRow, CopySource, CopyStanding, LocalCopyStore } from './data/local-copy-store.js';
export type { InMemoryTransaction } from './data/memory-transaction.js';
export type { AppliedMigration, Migration, MigrationReport } from './data/migration.js';
export {
  Outbox,
  type OutboxDescription,
  type OutboxEvents,
  type OutboxLag,
  type OutboxOptions,
} from './data/outbox.js';
export type {
  OutboxBus,
  OutboxCause,
  OutboxMessageFacts,
  OutboxTopic,
  OutboxTrace,
} from './data/outbox-bus.js';
export { OutboxMessageError } from './data/outbox-errors.js';
export { type InMemoryOutboxOptions, InMemoryOutboxStore } from './data/outbox-memory.js';
export type { OutboxEvent } from './data/outbox-message.js';
export { OutboxRelay } from './data/outbox-relay.js';
export type {
  BucketLag,
  DiscardedMessage,
  NewOutboxMessage,
  OutboxBeat,
  OutboxBeatAnswer,
  OutboxClaim,
  OutboxReading,
  OutboxRow,
  OutboxStore,
  OutboxTrouble,
  ParkedKey,
} from './data/outbox-store.js';
export type { OwnershipFinding, OwnershipKind, OwnershipReport } from './data/ownership.js';
export {
  type ForeignName,
  type LintedStatement,
  lintSql,
  lintStatements,
  type SqlLint,
  type StatementLintOptions,
} from './data/ownership-lint.js';
export type { SqlDialect } from './data/ownership-tokens.js';
export type {
  ProvisionOptions,
  ProvisionPlan,
  ProvisionStatement,
  ServiceRole,
} from './data/provision.js';
export { publishVerdict } from './data/publish-verdict.js';
export type {
  OutboxRelayDescription,
  OutboxRelayEvents,
  OutboxRelayOptions,
  OutboxRelaySnapshot,
  RelayDefaults,
  RelayHappening,
} from './data/relay-options.js';
export {
  ServiceDatabase,
  type ServiceDatabaseDefaults,
  type ServiceDatabaseDescription,
  type ServiceDatabaseOptions,
  type ServiceTransactionOptions,
} from './data/service-database.js';
export type { DatabaseDriver, MigrationFootprint, TransactionMode } from './data/service-database-driver.js';
export {
  CommitUnknownError,
  MigrationError,
  type MigrationFacts,
  type MigrationReason,
  OwnershipError,
  OwnershipUnseenError,
  ProvisionError,
  TransactionAbortedError,
} from './data/service-database-errors.js';
export type { ServiceTransaction, TransactionInbox, TransactionOutbox } from './data/service-transaction.js';
