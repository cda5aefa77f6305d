/** A long-lived signal that knows how many listen to it. */
export interface CountingSignal {
  /** A real one: pass it wherever one is wanted. */
  readonly signal: AbortSignal;
  /** Listeners for `abort` that have been added, and neither removed nor called. */
  readonly listeners: () => number;
  /** Aborts it. */
  readonly abort: (reason?: unknown) => void;
}

/**
 * For leak tests on any runtime. It counts what is added with `addEventListener`; followers made by
 * `AbortSignal.any` are the runtime's own and cannot be seen.
 *
 * @example
 * ```ts
 * import { countingSignal } from 'keelson/testing';
 *
 * const { signal, listeners } = countingSignal();
 * signal.addEventListener('abort', () => {}, { once: true });
 * listeners(); // => 1
 * ```
 */
export function countingSignal(): CountingSignal {
  const controller = new AbortController();
  const { signal } = controller;
  allowMany(signal);
  const listening = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  const forget = (listener: unknown): void => {
    listening.delete(listener);
  };
  signal.addEventListener = (type: string, listener: Listener, options?: AddOptions) => {
    if (type === 'abort') {
      listening.add(listener);
      if (typeof options === 'object') options.signal?.addEventListener('abort', () => forget(listener));
    }
    add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: Listener, options?: AddOptions) => {
    if (type === 'abort') forget(listener);
    remove(type, listener, options);
  };
  const abort = (reason?: unknown): void => {
    controller.abort(reason);
    // An aborted signal never fires again, so whatever still listens is of no consequence.
    listening.clear();
  };
  return { signal, listeners: () => listening.size, abort };
}

/** Node warns of a leak at the eleventh listener, and a burst of calls is none. */
function allowMany(signal: AbortSignal): void {
  const host = (globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } }).process;
  const events = host?.getBuiltinModule?.('node:events') as Partial<NodeEvents> | undefined;
  events?.setMaxListeners?.(0, signal);
}

interface NodeEvents {
  setMaxListeners(count: number, target: EventTarget): void;
}

type Listener = EventListenerOrEventListenerObject;
type AddOptions = boolean | AddEventListenerOptions;
