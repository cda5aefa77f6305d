import type { Clock } from './clock.js';
import { onAbort } from './on-abort.js';

/**
 * What an operation is told about the call that it serves. Never mutated: a policy hands on a derived one.
 */
export interface Context {
  /**
   * Aborted when nobody waits for the answer any more: the caller gave up, or a policy did. No policy
   * aborts it after a success; a caller's own signal may. Made when first read.
   */
  readonly signal: AbortSignal;
  /**
   * The point on the clock (`clock.now()`, ms) at which the answer stops being wanted; `Infinity` when never.
   */
  readonly deadline: number;
  /** The ms left until the deadline, at least 0; `Infinity` without one. */
  remainingMs(): number;
  /** Which run of the operation this is, from 1. */
  readonly attempt: number;
  /** Whom or what the call is about (a tenant, a host): policies that keep state per key look here. */
  readonly key: string | undefined;
  /**
   * One key for all attempts of a call, for remotes that recognise repeats. The caller's, or one made by the
   * policy that repeats (retry, hedge); `undefined` where nothing repeats and the caller gave none.
   */
  readonly idempotencyKey: string | undefined;
  /**
   * Whether the operation may run more than once at a time for this call: the caller said so, or gave an
   * `idempotencyKey`, or a hedge was told that it holds for all of its calls.
   */
  readonly idempotent: boolean;
  /** The importance of the call for wait lines that order by it: a larger number goes first. Default 0. */
  readonly priority: number;
  /** The caller's own facts, handed on as they are. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What a caller may say about one call. */
export interface CallOptions {
  /**
   * Gives the call up when it aborts. A call that waits, or stands under a `Timeout`, then fails at once with
   * `signal.reason`; one that runs ends when its operation heeds the signal.
   */
  readonly signal?: AbortSignal | undefined;
  /** The ms from now after which the answer is worthless; any number >= 0. Only ever shortens a deadline. */
  readonly timeoutMs?: number | undefined;
  /** Whom or what the call is about: policies that keep state per key look here. */
  readonly key?: string | undefined;
  /** One key for all attempts of the call. @default one made by a policy that repeats */
  readonly idempotencyKey?: string | undefined;
  /** Whether the operation may run more than once. @default whether there is an `idempotencyKey` */
  readonly idempotent?: boolean | undefined;
  /** A larger number goes first in wait lines that order by it. @default 0 */
  readonly priority?: number | undefined;
  /** Facts of your own, handed on to the operation as they are. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

const noAttributes: Readonly<Record<string, unknown>> = /* @__PURE__ */ Object.freeze({});
const nothing = (): void => {};

/**
 * The contexts that policies pass on, a chain: each holds what differs from its parent, the root holds what
 * the caller said.
 */
export class CallContext implements Context {
  /** The context that this one was derived from; `undefined` for the root. */
  readonly parent: CallContext | undefined;

  constructor(parent: CallContext | undefined) {
    this.parent = parent;
  }

  get deadline(): number {
    return this.parent!.deadline;
  }

  /**
   * The deadline that a decision may go by which cannot be taken back: a refusal, a timer. It is the deadline
   * unless that one can still move to later, as in a run that others may join; then nobody knows it yet.
   */
  get firmDeadline(): number {
    return this.parent!.firmDeadline;
  }

  /** The deadline that the caller set; `Infinity` when it set none, and where many callers share a run. */
  get saidDeadline(): number {
    return this.parent!.saidDeadline;
  }

  /** The clock that the deadline is a point of. */
  get clock(): Clock {
    return this.parent!.clock;
  }

  get attempt(): number {
    return this.parent!.attempt;
  }

  get signal(): AbortSignal {
    return this.parent!.signal;
  }

  get key(): string | undefined {
    return this.parent!.key;
  }

  get idempotencyKey(): string | undefined {
    return this.parent!.idempotencyKey;
  }

  get idempotent(): boolean {
    return this.parent!.idempotent;
  }

  /**
   * Whether this belongs to an extra attempt of a hedge: one that can be left out. Whoever has little to give
   * refuses it first.
   */
  get isHedge(): boolean {
    return this.parent!.isHedge;
  }

  get priority(): number {
    return this.parent!.priority;
  }

  get attributes(): Readonly<Record<string, unknown>> {
    return this.parent!.attributes;
  }

  remainingMs(): number {
    const { deadline, parent } = this;
    if (deadline === Infinity) return Infinity;
    // Whoever set the deadline knows how it was reckoned.
    if (parent !== undefined && parent.deadline === deadline) return parent.remainingMs();
    return Math.max(0, deadline - this.clock.now());
  }

  /** Whether somebody outside may still give this call up. */
  get cancellable(): boolean {
    return this.parent!.cancellable;
  }

  /** Whether this call has been given up. */
  get cancelled(): boolean {
    return this.parent!.cancelled;
  }

  /** Why it was given up: the reason of the caller's signal, or the error of the policy that gave up. */
  get reason(): unknown {
    return this.parent!.reason;
  }

  /**
   * Whether its caller has been given a part of the answer: then nothing may run again, or in its stead.
   */
  get delivered(): boolean {
    return this.parent!.delivered;
  }

  /**
   * Whether the call of this very context, not of one around it, holds a permit of `guard` now. A context
   * that many calls share says so whenever one of them may.
   */
  holds(_guard: object): boolean {
    return false;
  }

  /**
   * Calls `listener` once, in the turn in which the call is given up, without making an `AbortSignal` for it.
   * The function returned ends the interest; whoever subscribes must call it when the call is over.
   */
  onCancel(listener: () => void): () => void {
    return this.parent!.onCancel(listener);
  }
}

/** The context that a call begins with: what its caller said. */
export class RootContext extends CallContext {
  readonly #clock: Clock;
  readonly #options: CallOptions;
  readonly #deadline: number;
  readonly #attempt: number;

  constructor(clock: Clock, options: CallOptions, deadline: number, attempt: number) {
    super(undefined);
    this.#deadline = deadline;
    this.#clock = clock;
    this.#options = options;
    this.#attempt = attempt;
  }

  override get clock(): Clock {
    return this.#clock;
  }

  override get deadline(): number {
    return this.#deadline;
  }

  override get firmDeadline(): number {
    return this.#deadline;
  }

  override get saidDeadline(): number {
    return this.#deadline;
  }

  override get attempt(): number {
    return this.#attempt;
  }

  override get signal(): AbortSignal {
    // A signal that can never abort is made anew each time: a shared one would gather everybody's listeners.
    return this.#options.signal ?? new AbortController().signal;
  }

  override get key(): string | undefined {
    return this.#options.key;
  }

  override get idempotencyKey(): string | undefined {
    return this.#options.idempotencyKey;
  }

  override get idempotent(): boolean {
    return this.#options.idempotent ?? this.#options.idempotencyKey !== undefined;
  }

  override get isHedge(): boolean {
    return false;
  }

  override get priority(): number {
    return this.#options.priority ?? 0;
  }

  override get attributes(): Readonly<Record<string, unknown>> {
    return this.#options.attributes ?? noAttributes;
  }

  override get cancellable(): boolean {
    return this.#options.signal !== undefined;
  }

  override get cancelled(): boolean {
    return this.#options.signal?.aborted === true;
  }

  override get reason(): unknown {
    return this.#options.signal?.reason;
  }

  override get delivered(): boolean {
    return false;
  }

  override onCancel(listener: () => void): () => void {
    const { signal } = this.#options;
    return signal === undefined ? nothing : onAbort(signal, listener);
  }
}

/**
 * The deadline that the caller set for `call`; `Infinity` when a policy outside has set a nearer one, for
 * that policy answers the call when its time comes.
 */
export function callersDeadline(call: CallContext): number {
  const said = call.saidDeadline;
  return said <= call.firmDeadline ? said : Infinity;
}
