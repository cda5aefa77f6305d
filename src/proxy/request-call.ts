import type { CallOptions, Context } from '../kernel/context.js';

/** Methods of which a repeat does what the first did (RFC 9110, 9.2.2). */
const repeatable: readonly string[] = /* @__PURE__ */ Object.freeze([
  ...['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'],
]);

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

/** The options of the call that sends a request: either signal gives it up. */
export function requestCall(init: RequestInit, options: CallOptions | Context): CallOptions {
  const said = saidOf(options);
  const own = init.signal ?? undefined;
  const signal = said.signal && own ? AbortSignal.any([said.signal, own]) : (said.signal ?? own);
  const method = (init.method ?? 'GET').toUpperCase();
  return { ...said, signal, idempotent: said.idempotent ?? (repeatable.includes(method) || undefined) };
}
