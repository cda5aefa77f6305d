import type { CallContext } from './context.js';

/**
 * What a context that can be given up by itself knows about that. Contexts make one only when somebody asks
 * or tells: most calls end before anybody does.
 */
export class Cancellation {
  given = false;
  reason: unknown = undefined;
  #controller: AbortController | undefined;
  #unlink: (() => void) | undefined;
  #listeners: Set<() => void> | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.given) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  onCancel(listener: () => void): () => void {
    // A wrapper of its own, so that one function may subscribe twice.
    const entry = (): void => listener();
    this.#listeners ??= new Set();
    const listeners = this.#listeners;
    listeners.add(entry);
    // From the very set, for it may be walked at that time.
    return () => {
      listeners.delete(entry);
    };
  }

  /** The first reason stays. */
  give(reason: unknown): void {
    if (this.given) return;
    this.given = true;
    this.reason = reason;
    this.#controller?.abort(reason);
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners !== undefined) for (const listener of listeners) tell(listener);
  }

  /** Hears from now on, until {@link unlink}, when the parent is given up. */
  link(parent: CallContext, onCancelled: () => void): void {
    this.#unlink ??= parent.onCancel(() => {
      // The parent has let go of this already; a signal with ten thousand listeners is slow to look for one.
      this.#unlink = undefined;
      onCancelled();
    });
  }

  unlink(): void {
    this.#unlink?.();
    this.#unlink = undefined;
  }
}

/** One that fails must not keep the others from hearing of it. */
function tell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    console.error('keelson: a listener of a cancellation failed', error);
  }
}
