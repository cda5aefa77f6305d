import type { SagaEvent, SagaState, SagaStatus } from '../core/saga-state.js';

/** A saga as it is stored. All times are epoch ms of the store. */
export interface SagaRecord {
  /** What it is called; no other saga has it. */
  readonly id: string;
  /** Name, version and shape of its definition: only a worker that knows all three drives it. */
  readonly definition: string;
  /** The version of its definition. */
  readonly version: number;
  /** The shape of its definition. */
  readonly hash: string;
  /** What makes starting it twice start it once; `undefined` for none. */
  readonly key: string | undefined;
  /** The saga of which this is a step. */
  readonly parent: string | undefined;
  /** What it was started with; `undefined` for nothing. */
  readonly input: unknown;
  /** How far it has come. */
  readonly state: SagaState;
  /** `waiting`: it is under way, and nothing is to be done before `wakeAt` or a signal. */
  readonly status: SagaStatus | 'waiting';
  /** Whether a request to cancel it is accepted. */
  readonly cancellable: boolean;
  /** Why it is to be cancelled, where somebody asked for it. */
  readonly cancel: string | undefined;
  /** How often it was claimed: whoever claimed it last may write. */
  readonly epoch: number;
  /** How often it was written. */
  readonly revision: number;
  /** How many signals have come for it. */
  readonly signals: number;
  /** Who has claimed it. */
  readonly owner: string | undefined;
  /** When there is something to do, or the claim ends; `undefined` for never. */
  readonly wakeAt: number | undefined;
  /** When it began, in epoch ms. */
  readonly createdAt: number;
  /** When it was written last, in epoch ms. */
  readonly updatedAt: number;
}

/** A saga that is to begin. */
export interface NewSaga {
  /** What it is called; no other saga has it. */
  readonly id: string;
  /** The name of its definition. */
  readonly definition: string;
  /** The version of its definition. */
  readonly version: number;
  /** The shape of its definition. */
  readonly hash: string;
  /** What makes starting it twice start it once; `undefined` for none. */
  readonly key: string | undefined;
  /** The saga of which this is a step. */
  readonly parent: string | undefined;
  /** What it is started with: JSON data, or `undefined`. */
  readonly input: unknown;
  /** Where it begins. */
  readonly state: SagaState;
  /** What it is when it begins. */
  readonly status: SagaStatus;
  /** Whether a request to cancel it is accepted. */
  readonly cancellable: boolean;
  /** Who drives it from the beginning; `undefined` leaves it to whoever claims it first. */
  readonly owner: string | undefined;
  /** For so many ms, where there is an owner. */
  readonly leaseMs: number;
}

/** Whose sagas a worker can drive. */
export interface Drivable {
  /** The name of a definition. */
  readonly definition: string;
  /** Its version. */
  readonly version: number;
  /** Its shape. */
  readonly hash: string;
}

/** A saga that a worker has claimed. */
export interface ClaimedSaga {
  /** The saga as it stands since it was claimed. */
  readonly record: SagaRecord;
  /** Whether somebody else had it and let the claim run out: some of what was next may have run. */
  readonly interrupted: boolean;
}

/** What a worker writes. It counts only for the epoch and the revision that it names. */
export interface SagaWrite {
  /** Which saga. */
  readonly id: string;
  /** Under which claim. */
  readonly epoch: number;
  /** The revision that it follows. */
  readonly revision: number;
  /** How far the saga has come. */
  readonly state: SagaState;
  /** What has become of it. */
  readonly status: SagaStatus | 'waiting';
  /** Whether a request to cancel it is accepted from now on. */
  readonly cancellable: boolean;
  /** What has happened since the last write, for the history. */
  readonly events: readonly SagaEvent[];
  /** Ids of the signals that are used up by it. */
  readonly consumed: readonly string[];
  /** Gives the claim back. One that is not over is due at `wakeAt`, and at once if signals came meanwhile. */
  readonly release: { readonly wakeAt: number | undefined; readonly signals: number } | undefined;
  /** Whether the request to cancel, if there is one, has been taken notice of. */
  readonly heedsCancel: boolean;
}

/** What became of a write. `cancel`: nothing was written, for somebody asked to cancel it meanwhile. */
export type WriteAnswer =
  | { readonly kind: 'written' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'cancel'; readonly reason: string };

/** A message for a saga, kept until the saga uses it. */
export interface StoredSignal {
  /** What a write names when it uses it up. */
  readonly id: string;
  /** What kind of message it is. */
  readonly name: string;
  /** What it says: JSON data, or `undefined`. */
  readonly payload: unknown;
}

/** Whom a signal is for: a saga by its id, or by its key, which need not have begun. */
export type SignalTarget = { readonly id: string } | { readonly definition: string; readonly key: string };

/** A signal that is to be kept. */
export interface NewSignal {
  /** Whom it is for. */
  readonly target: SignalTarget;
  /** What kind of message it is. */
  readonly name: string;
  /** Two signals of one target and name with the same are one. */
  readonly dedupe: string;
  /** What it says: JSON data, or `undefined`. */
  readonly payload: unknown;
}

/** What sagas are asked for. */
export interface SagaQuery {
  /** Only those of this name; any where it is left out. */
  readonly definition?: string | undefined;
  /** Only those of this status; any where it is left out. */
  readonly status?: SagaRecord['status'] | undefined;
  /** Only those after this id; ids are in the order of their text. */
  readonly after?: string | undefined;
  /** So many at most. */
  readonly limit: number;
}

/** How many sagas are in each status of those that are not over. */
export type SagaCounts = Readonly<Record<'running' | 'waiting' | 'compensating' | 'parked', number>>;

/** One thing that happened to a saga. */
export interface HistoryEntry {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Epoch ms of the store. */
  readonly at: number;
  /** Under which claim. */
  readonly epoch: number;
  /** What happened. */
  readonly event: SagaEvent;
}

/** A claim on something that one saga has at a time. */
export interface LockRequest {
  /** What is locked. */
  readonly lock: string;
  /** Who wants it, by id. */
  readonly saga: string;
  /** Under which claim. */
  readonly epoch: number;
  /** How long it outlasts a saga that has been parked, in ms. */
  readonly leaseMs: number;
}

/**
 * Keeps sagas. Each method is atomic, and what it has answered survives a crash. A method that rejects may
 * have had its effect: whoever calls tries again, and every method is safe to repeat.
 *
 * A store has one clock, which all times count by: `at` of an answer is what it showed.
 */
export interface SagaStore {
  /** Makes or checks what it needs; called before anything else. */
  open(): Promise<void>;
  /** The time, in epoch ms. */
  now(): Promise<number>;
  /** Keeps a new saga, unless there is one of the same id, or of the same definition and key. */
  insert(saga: NewSaga): Promise<{ readonly record: SagaRecord; readonly inserted: boolean }>;
  /**
   * Gives sagas that are due to `owner`, each with a new epoch, those due first at first: no saga to two
   * owners, none that is not drivable.
   */
  claim(
    owner: string,
    drivable: readonly Drivable[],
    limit: number,
    leaseMs: number,
  ): Promise<readonly ClaimedSaga[]>;
  /** As `claim`, for one saga in whatever status; `undefined` where somebody has it, or there is none. */
  claimOne(owner: string, id: string, leaseMs: number): Promise<ClaimedSaga | undefined>;
  /** Writes the step that a saga has made. */
  write(write: SagaWrite): Promise<WriteAnswer>;
  /** Lengthens claims to `leaseMs` from now; answers with the ids that the owner has lost. */
  renew(
    claims: readonly { readonly id: string; readonly epoch: number }[],
    leaseMs: number,
  ): Promise<readonly string[]>;
  /**
   * Keeps a signal, and makes the saga due. `late`: the saga is over, and nothing was kept. Rejects with an
   * `ERR_SAGA_REFUSED` where so many wait for the saga that no more are kept.
   */
  signal(signal: NewSignal): Promise<'kept' | 'known' | 'late'>;
  /** The signals for a saga that it has not used, in the order in which they came. */
  signals(id: string): Promise<readonly StoredSignal[]>;
  /** Asks for a saga to be cancelled. `over`: it is not under way; `refused`: the pivot has had its turn. */
  cancel(id: string, reason: string): Promise<'accepted' | 'refused' | 'over' | 'unknown'>;
  /** Makes a saga that waits due now. */
  wake(id: string): Promise<void>;
  /** Takes a lock until the saga is over; whether the saga has it now. */
  lock(request: LockRequest): Promise<boolean>;
  /** A saga by its id; `undefined` where there is none. */
  get(id: string): Promise<SagaRecord | undefined>;
  /** A saga by its definition and key; `undefined` where there is none. */
  find(definition: string, key: string): Promise<SagaRecord | undefined>;
  /** Sagas in the order of their ids. */
  list(query: SagaQuery): Promise<readonly SagaRecord[]>;
  /** How many sagas there are that are not over, by definition, version and hash. */
  census(): Promise<readonly (Drivable & { readonly count: number })[]>;
  /** How many sagas there are that are not over, by status. */
  count(): Promise<SagaCounts>;
  /** What happened to a saga, as far as it is kept; nothing for one that there is not. */
  history(id: string): Promise<readonly HistoryEntry[]>;
  /**
   * Forgets sagas that have been over for `ageMs`, unless they are steps of others that are not, and signals
   * so old for which no saga came; so many of each at most. Answers with how many it were.
   */
  purge(ageMs: number, limit: number): Promise<number>;
  /**
   * Calls `listener` when something may have become due, until what it answers is called: a hint, which comes
   * late or not at all, so that whoever waits looks by itself too. A store that knows of nothing has none.
   */
  onWake?(listener: () => void): () => void;
}
