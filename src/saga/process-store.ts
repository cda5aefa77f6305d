import type { ProcessOutboxEntry, ProcessOutboxResult } from '../core/process-outbox-line.js';
import type { ProcessParking } from './process-parking.js';

/** A process as it is kept. */
export interface SavedProcess {
  /** How often it was changed, from 1. */
  readonly version: number;
  /** Its state, as JSON. */
  readonly state: string;
  /** The timeouts that run, by name, each with the version of the process in which it was started. */
  readonly timeouts: Readonly<Record<string, number>>;
  /** What all that it leads to shares: that of the message that started it. */
  readonly correlationId: string;
  /** Whether it has come to its end; what is left then is a tombstone. */
  readonly ended: boolean;
  /** The messages that came after its end. */
  readonly late: number;
}

/** A process as it is found. */
export interface LoadedProcess {
  /** `undefined` where there is none. */
  readonly saved: SavedProcess | undefined;
  /** Whether it has seen the message. */
  readonly seen: boolean;
  /** How many commands of it wait to be published; of those nobody counts more than `countTo`. */
  readonly waiting: number;
}

/** A timeout of a process. */
export interface ProcessTimeout {
  /** That of the process. */
  readonly key: string;
  /** Which of its timeouts. */
  readonly name: string;
  /** The version of the process in which it was started: another one means another timeout. */
  readonly generation: number;
}

/** One change of a process: all of it is written, or nothing. */
export interface ProcessChange {
  /** Which kind of process. */
  readonly process: string;
  /** Which of them. */
  readonly key: string;
  /** The version that this was made of; 0 where there was none. */
  readonly expected: number;
  /** What it becomes; its version is `expected + 1`. */
  readonly next: SavedProcess;
  /** The message that led to it, which is known again from now on; `undefined` for a timeout. */
  readonly message: string | undefined;
  /** What is to be published, in this order: an id, and the rest as JSON. */
  readonly sends: readonly { readonly id: string; readonly body: string }[];
  /** The timeouts that are started, or started anew. */
  readonly schedule: readonly { readonly name: string; readonly afterMs: number }[];
  /** The timeouts that are stopped, or are over. */
  readonly cancel: readonly string[];
}

/** What a process has to publish next, in order; nobody else gets it as long as the lease lasts. */
export interface OutboxRun {
  /** That of the process. */
  readonly key: string;
  /** Tells this claim from others. */
  readonly lease: string;
  /** How often its first entry has been claimed, this time included. */
  readonly attempts: number;
  /** How often its first entry was refused before. */
  readonly tries: number;
  /** How often a claim of its first entry ended without a word: whoever had it may have died of it. */
  readonly crashes: number;
  /** Whether it may have ended a program: then it is one entry, and nothing else was claimed with it. */
  readonly alone: boolean;
  /** An id, and the rest as JSON; `position` is the store's own. */
  readonly entries: readonly ProcessOutboxEntry[];
}

/** What processes have to publish: in order for each of them, at least once. */
export interface ProcessOutbox {
  /**
   * Takes what is to be published of at most `limit` processes of a kind that nobody is publishing for, those
   * first that are due for longest; nothing of those that are parked.
   *
   * A claim whose lease ended without a word was that of a program that is no more: it counts as one of the
   * `crashes` of the first entry, and all that was handed out is handed out alone from then on.
   */
  claim(process: string, limit: number, leaseMs: number): Promise<readonly OutboxRun[]>;
  /**
   * The first `published` entries of a run are through, and go. What is left is handed out again, not before
   * `retryMs` from now; `fault` is of the first that is left. Without effect when the lease was lost; whether
   * it was not.
   */
  settle(process: string, run: OutboxRun, result: ProcessOutboxResult): Promise<boolean>;
}

/** Keeps processes, what they have seen, what they are to publish, and when they are to be woken. */
export interface ProcessStore extends ProcessOutbox, ProcessParking {
  /** A process, if it is there, whether it has seen a message, and what of it is to be published. */
  load(process: string, key: string, message: string | undefined, countTo: number): Promise<LoadedProcess>;
  /**
   * Writes a change, if the process still has the version that it was made of and has not seen the message;
   * whether it did.
   */
  commit(change: ProcessChange): Promise<boolean>;
  /** Takes timeouts that are due, at most `limit`; they come again after `leaseMs` if they are kept. */
  claimTimeouts(process: string, limit: number, leaseMs: number): Promise<readonly ProcessTimeout[]>;
  /** Forgets a timeout that no process waits for. */
  dropTimeout(process: string, timeout: ProcessTimeout): Promise<void>;
  /**
   * Forgets processes that ended, messages that were seen, and commands that were thrown away, longer than
   * `retentionMs` ago; at most `limit` of each. How many it forgot.
   */
  purge(process: string, retentionMs: number, limit: number): Promise<number>;
}
