/** The async context of whoever was running when it was captured. */
export interface AsyncScope {
  runInAsyncScope<This>(callback: (this: This) => void, thisArg: This): void;
}

type ScopeClass = new (type: string, options: { requireManualDestroy: boolean }) => AsyncScope;

/** Nothing is destroyed, so there is nothing to register for that. */
const options = { requireManualDestroy: true };

let scopeClass: ScopeClass | undefined;
let searched = false;

/** Node, Bun and Deno answer; elsewhere there is no async context to keep. */
function findScopeClass(): ScopeClass | undefined {
  searched = true;
  const host = (globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } }).process;
  const hooks = host?.getBuiltinModule?.('node:async_hooks') as { AsyncResource?: ScopeClass } | undefined;
  scopeClass = hooks?.AsyncResource;
  return scopeClass;
}

/**
 * Captures the caller's async context (`AsyncLocalStorage`), so that an operation that waited for its turn
 * sees its own caller's and not that of the call which made room for it.
 *
 * An `AsyncResource` and not `AsyncLocalStorage.snapshot()`: 0.05 µs against 9 µs on Node 20.
 */
export function captureScope(): AsyncScope | undefined {
  const Scope = searched ? scopeClass : findScopeClass();
  return Scope === undefined ? undefined : new Scope('keelson', options);
}
