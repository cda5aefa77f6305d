import type { Clock } from '../kernel/clock.js';
import { type CallOptions, RootContext } from '../kernel/context.js';
import { RevocableContext } from '../kernel/revocable-context.js';
import type { ForwardRules } from './forward-fields.js';
import type { IncomingCall } from './gateway-request.js';

/** How long an answer may take, in ms: no longer than the route says, nor than the client waits. */
export function budgetMsOf(
  call: IncomingCall,
  timeoutMs: number,
  { deadlineField }: Pick<ForwardRules, 'deadlineField'>,
): number {
  const said = deadlineField === undefined ? undefined : call.header(deadlineField);
  return said !== undefined && /^\d{1,12}$/.test(said) ? Math.min(timeoutMs, Number(said)) : timeoutMs;
}

/**
 * The context of a request on its way to an upstream. Once one that may not be repeated has been sent, it
 * says that it is delivered: then no policy runs it again, or another in its stead.
 */
export class ForwardContext extends RevocableContext {
  /** Whether it is good to send it again: it may be done twice, and there is no body that would be gone. */
  readonly repeatable: boolean;
  /** Told when it is sent for the first time. */
  onSent: (() => void) | undefined;
  #sent = false;

  constructor(clock: Clock, options: CallOptions, deadline: number, repeatable: boolean) {
    super(new RootContext(clock, { ...options, idempotent: repeatable }, deadline, 1));
    this.repeatable = repeatable;
  }

  /** Whether anything of it has been sent. */
  get sent(): boolean {
    return this.#sent;
  }

  markSent(): void {
    if (this.#sent) return;
    this.#sent = true;
    this.onSent?.();
  }

  override get delivered(): boolean {
    return this.#sent && !this.repeatable;
  }
}
