import { FirstAttempt } from '../kernel/attempts.js';
import { Cancellation } from '../kernel/cancellation.js';
import { CallContext } from '../kernel/context.js';
import { type InTheMaking, leanClass } from '../kernel/lean-class.js';
import { refuse } from '../kernel/options.js';
import type { Operation } from '../kernel/policy.js';
import type { HedgePlan } from './hedge-plan.js';

type Attributes = Readonly<Record<string, unknown>>;

/** The attributes of an attempt: those of its call, and which endpoint it is for. */
function atEndpoint(attributes: Attributes, endpoints: readonly unknown[], attempt: number): Attributes {
  return Object.freeze({ ...attributes, endpoint: endpoints[(attempt - 1) % endpoints.length] });
}

/** Each of the endpoints once. @throws TypeError when there are none. */
export function distinct(endpoints: unknown): readonly unknown[] {
  if (Array.isArray(endpoints) && endpoints.length > 0)
    return Object.freeze([...new Set<unknown>(endpoints)]);
  return refuse('Hedge', 'endpoints', 'a list of at least one', endpoints);
}

/** The endpoints of one call. */
export function endpointsOf(
  endpoints: HedgePlan<never>['endpoints'],
  call: CallContext,
): readonly unknown[] | undefined {
  return typeof endpoints === 'function' ? distinct(endpoints(call)) : endpoints;
}

/** The only attempt of a call that is not hedged, where there are endpoints to choose from. */
export class LoneAttempt extends CallContext {
  readonly #endpoints: readonly unknown[];

  constructor(call: CallContext, endpoints: readonly unknown[]) {
    super(call);
    this.#endpoints = endpoints;
  }

  override get attributes(): Attributes {
    return atEndpoint(this.parent!.attributes, this.#endpoints, 1);
  }
}

/**
 * The context of the first of several attempts that may run at a time. The others do not descend from it, as
 * those of a retry do: each can be given up alone.
 */
export class HedgedAttempt<T = unknown> extends FirstAttempt<HedgePlan<T>, T> {
  readonly endpoints: readonly unknown[] | undefined;
  /** Whether it has ended. */
  ended = false;
  private cancellation: Cancellation | undefined = undefined;
  private told: Attributes | undefined = undefined;

  constructor(
    call: CallContext,
    plan: HedgePlan<T>,
    operation: Operation<T>,
    endpoints: readonly unknown[] | undefined,
  ) {
    super(call, plan, operation);
    this.endpoints = endpoints;
  }

  override get idempotent(): boolean {
    return true;
  }

  override get attributes(): Attributes {
    const { attributes } = this.parent!;
    if (this.endpoints === undefined) return attributes;
    this.told ??= atEndpoint(attributes, this.endpoints, this.attempt);
    return this.told;
  }

  override get signal(): AbortSignal {
    return this.ownCancellation().signal;
  }

  override get cancellable(): boolean {
    return true;
  }

  override get cancelled(): boolean {
    return this.cancellation?.given === true || this.parent!.cancelled;
  }

  override get reason(): unknown {
    return this.cancellation?.given === true ? this.cancellation.reason : this.parent!.reason;
  }

  override onCancel(listener: () => void): () => void {
    return this.ownCancellation().onCancel(listener);
  }

  /** Another attempt has ended the call: this one is given up alone. */
  lose(reason: unknown): void {
    const own = this.ownCancellation();
    own.unlink();
    own.give(reason);
  }

  end(): void {
    this.ended = true;
    this.cancellation?.unlink();
  }

  /** While the attempt runs, its being given up follows its call's. */
  private ownCancellation(): Cancellation {
    this.cancellation ??= new Cancellation();
    const own = this.cancellation;
    const call = this.parent!;
    if (!this.ended && !own.given && call.cancellable) {
      if (call.cancelled) own.give(call.reason);
      else own.link(call, () => own.give(call.reason));
    }
    return own;
  }
}

/** A first attempt as every call makes it. */
export const LeanHedgedAttempt: typeof HedgedAttempt = /* @__PURE__ */ leanClass(
  HedgedAttempt,
  function (
    this: InTheMaking<HedgedAttempt>,
    call: CallContext,
    plan: HedgePlan<unknown>,
    operation: Operation<unknown>,
    endpoints: readonly unknown[] | undefined,
  ) {
    this.parent = call;
    this.repeater = plan;
    this.operation = operation;
    this.endpoints = endpoints;
    this.ended = false;
  },
);

/** The context of an attempt that runs beside the first one, or after it. */
export class ExtraAttempt<T> extends HedgedAttempt<T> {
  readonly #first: HedgedAttempt<T>;
  readonly #attempt: number;

  constructor(first: HedgedAttempt<T>, attempt: number) {
    super(first.parent!, first.repeater, first.operation, first.endpoints);
    this.#first = first;
    this.#attempt = attempt;
  }

  override get attempt(): number {
    return this.#attempt;
  }

  override get isHedge(): boolean {
    return true;
  }

  override get idempotencyKey(): string {
    return this.#first.idempotencyKey;
  }
}
