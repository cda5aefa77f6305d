import { contextOf } from '../../kernel/call-options.js';
import type { Clock } from '../../kernel/clock.js';
import type { CallContext, Context } from '../../kernel/context.js';
import { AbandonedError } from '../../kernel/errors.js';
import type { Policy } from '../../kernel/policy.js';
import { DeliveredContext } from '../interceptors/delivered-context.js';
import { AttemptAnswer, type AttemptOwner, InterceptedAttempt } from './intercepted-attempt.js';
import type { UndiciAnswer, UndiciFields } from './undici-answer.js';
import type { UndiciController, UndiciHandler } from './undici-module.js';

const NOT_HANDED = 'not what has another source: a Fallback belongs around the request';

/** What requests of one interceptor share. */
export interface InterceptPlan {
  readonly clock: Clock;
  readonly holds: (status: number) => boolean;
}

/** Sends one attempt; answers what undici answers: whether it takes more requests now. */
export type SendAttempt = (handler: UndiciHandler, context: CallContext) => boolean;

/**
 * One request from when it is given to undici until its answer has ended. To whoever asked it is the request
 * of undici, however many attempts there are.
 */
export class InterceptedCall implements AttemptOwner, UndiciController {
  readonly clock: Clock;
  readonly #plan: InterceptPlan;
  readonly #handler: UndiciHandler;
  readonly #send: SendAttempt;
  readonly #call: DeliveredContext;
  /** What undici tells of an attempt when it starts; of the present one. */
  readonly #started: Record<string, unknown> = {};
  readonly #open = new Set<InterceptedAttempt>();
  /** The attempt whose answer is handed on. */
  #live: InterceptedAttempt | undefined;
  #settled = false;
  #over = false;
  #takesMore = true;
  paused = false;
  aborted = false;
  reason: Error | null = null;
  rawHeaders: UndiciController['rawHeaders'] = null;
  rawTrailers: UndiciController['rawTrailers'] = null;

  constructor(plan: InterceptPlan, handler: UndiciHandler, send: SendAttempt, parent: CallContext) {
    this.#plan = plan;
    this.clock = plan.clock;
    this.#handler = handler;
    this.#send = send;
    this.#call = new DeliveredContext(parent);
  }

  /** Runs it through `policy`. Answers whether undici takes more requests now, as far as that is known. */
  start(policy: Policy): boolean {
    this.#handler.onRequestStart(this, this.#started);
    // It may have been given up right then.
    if (this.aborted) return true;
    policy
      .execute(context => this.#attempt(context), this.#call)
      .then(
        answer => this.#answered(answer),
        error => this.#refused(error),
      );
    return this.#takesMore;
  }

  abort(reason: Error): void {
    if (this.aborted || this.#over) return;
    this.aborted = true;
    this.reason = reason;
    this.#call.revoke(reason);
    // Whose answer is there already hears of it by nobody else.
    for (const attempt of this.#open) attempt.abort(reason);
    this.fail(reason);
  }

  pause(): void {
    this.paused = true;
    this.#live?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#live?.resume();
  }

  holds(status: number): boolean {
    return this.#plan.holds(status);
  }

  left(attempt: InterceptedAttempt): void {
    this.#open.delete(attempt);
  }

  started(context: unknown): void {
    Object.assign(this.#started, context);
  }

  claim(attempt: InterceptedAttempt): boolean {
    if (this.#live !== undefined || this.#over) return false;
    this.#live = attempt;
    this.#call.deliver();
    return true;
  }

  interim(controller: UndiciController, status: number, headers: UndiciFields, reason?: string): void {
    if (this.#live === undefined && !this.#over) this.head(controller, status, headers, reason);
  }

  head(controller: UndiciController, status: number, headers: UndiciFields, reason?: string): void {
    this.rawHeaders = controller.rawHeaders;
    this.#handler.onResponseStart(this, status, headers, reason);
  }

  data(_: UndiciController, chunk: Uint8Array): void {
    this.#handler.onResponseData(this, chunk);
  }

  end(controller: UndiciController, trailers: UndiciFields): void {
    if (this.#over) return;
    this.#over = true;
    this.rawTrailers = controller.rawTrailers;
    this.#handler.onResponseEnd(this, trailers);
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#handler.onResponseError(this, error as Error);
  }

  #attempt(context: Context): Promise<UndiciAnswer> {
    const call = contextOf(context, this.clock);
    if (this.#settled) throw new AbandonedError('undici: the request has an answer already');
    const attempt = new InterceptedAttempt(this, call);
    this.#open.add(attempt);
    return attempt.run(handler => {
      this.#takesMore = this.#send(handler, call);
    });
  }

  /** The policy has come to an answer: attempts beside it are of no use any more. */
  #answered(answer: unknown): void {
    const taken = this.#live !== undefined || (answer instanceof AttemptAnswer && answer.isTakenBy(this));
    if (!taken)
      this.fail(new TypeError(`undiciInterceptor: \`policy\` must answer what it was handed, ${NOT_HANDED}`));
    this.#settle();
  }

  #refused(error: unknown): void {
    if (this.#live === undefined) this.fail(error);
    this.#settle();
  }

  #settle(): void {
    this.#settled = true;
    for (const attempt of this.#open) if (attempt !== this.#live) attempt.letGo();
  }
}
