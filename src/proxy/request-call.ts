import { isIdempotentMethod } from '../core/idempotent-method.js';
import type { CallOptions, Context } from '../kernel/context.js';
import { onAbort } from '../kernel/on-abort.js';

/** The call that a request is. */
export interface RequestCall {
  readonly options: CallOptions;
  /** To be called when it is over, where it listens to somebody by itself. */
  readonly leave: (() => void) | undefined;
}

/** What is said of the call that a request is; of a context that it is a part of, what holds for it. */
function saidOf(options: CallOptions | Context): CallOptions {
  if (typeof options !== 'object' || options === null || !('remainingMs' in options)) return options;
  const { signal, key, idempotencyKey, priority, attributes } = options;
  const leftMs = options.remainingMs();
  return {
    ...{ signal, key, idempotencyKey, priority, attributes },
    // Nobody may have said so of the call around it, and a GET can be repeated all the same.
    idempotent: options.idempotent || undefined,
    timeoutMs: leftMs < Infinity ? leftMs : undefined,
  };
}

/**
 * A signal that aborts when one of two does. Not `AbortSignal.any`: on Node 20 each of its composites leaves
 * a trace at its sources that is never cleared away.
 */
function eitherOf(signals: readonly AbortSignal[]): { signal: AbortSignal; leave: () => void } {
  const either = new AbortController();
  const leaves = signals.map(signal => {
    const give = (): void => either.abort(signal.reason);
    if (signal.aborted) give();
    return onAbort(signal, give);
  });
  return {
    signal: either.signal,
    leave: () => {
      for (const leave of leaves) leave();
    },
  };
}

/** The call that sends a request: the signal of the request gives it up, and that of the call. */
export function requestCall(init: RequestInit, options: CallOptions | Context): RequestCall {
  const said = saidOf(options);
  const own = init.signal ?? undefined;
  const both = said.signal && own ? eitherOf([said.signal, own]) : undefined;
  const signal = both?.signal ?? said.signal ?? own;
  const method = (init.method ?? 'GET').toUpperCase();
  const idempotent = said.idempotent ?? (isIdempotentMethod(method) || undefined);
  return { options: { ...said, signal, idempotent }, leave: both?.leave };
}
