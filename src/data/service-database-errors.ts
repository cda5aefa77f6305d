import { type ErrorFacts, RejectedError, ResilienceError } from '../kernel/errors.js';
import { findingText, type OwnershipReport } from './ownership.js';

const SHOWN = 10;

/** A service can touch what is not its own, or others can touch what is. */
export class OwnershipError extends ResilienceError {
  /** All that was found, and how to mend it. */
  readonly report: OwnershipReport;

  constructor(report: OwnershipReport, facts?: ErrorFacts) {
    const { service, findings, truncated } = report;
    const lines = findings.slice(0, SHOWN).map(finding => `\n- ${findingText(finding)}`);
    const more = findings.length - lines.length;
    const rest = truncated ? '\n- and more' : more > 0 ? `\n- and ${more} more` : '';
    super('ERR_OWNERSHIP', `the data of ${service} is not its own:${lines.join('')}${rest}`, facts);
    this.report = report;
  }

  override get name(): string {
    return 'OwnershipError';
  }
}

/** Whoever asked may not see the grants of others: nothing was looked at, and nothing is known. */
export class OwnershipUnseenError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_OWNERSHIP_UNSEEN', message, facts);
  }

  override get name(): string {
    return 'OwnershipUnseenError';
  }
}

/**
 * Why a migration does not go: it names what is another service's (`foreign`), would end its transaction,
 * was edited, stands at another place (`order`), has not been applied (`pending`), failed, was begun and
 * nobody knows whether it was done (`uncertain`), or somebody else migrates (`locked`).
 */
export type MigrationReason =
  | 'foreign'
  | 'transaction'
  | 'edited'
  | 'order'
  | 'pending'
  | 'failed'
  | 'uncertain'
  | 'locked';

/** What a migration error says besides. */
export interface MigrationFacts extends ErrorFacts {
  /** Why. */
  readonly reason: MigrationReason;
  /** The id of the migration; empty where it is about none of them. */
  readonly migration: string;
}

/** The migrations of a program and those of its database do not fit, or one of them failed. */
export class MigrationError extends ResilienceError {
  /** Why. */
  readonly reason: MigrationReason;
  /** The id of the migration; empty where it is about none of them. */
  readonly migration: string;

  constructor(message: string, facts: MigrationFacts) {
    super('ERR_MIGRATION', message, facts);
    this.reason = facts.reason;
    this.migration = facts.migration;
  }

  override get name(): string {
    return 'MigrationError';
  }
}

/** A service could not be given its place. No password is in its words, nor in its cause. */
export class ProvisionError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_PROVISION', message, facts);
  }

  override get name(): string {
    return 'ProvisionError';
  }
}

/** The connection broke while a transaction was committed: nobody knows whether it was. */
export class CommitUnknownError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_COMMIT_UNKNOWN', message, facts);
  }

  override get name(): string {
    return 'CommitUnknownError';
  }
}

/** A statement of a transaction had failed, and that was caught: nothing was committed. */
export class TransactionAbortedError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_TRANSACTION_ABORTED', message, facts);
  }

  override get name(): string {
    return 'TransactionAbortedError';
  }
}
