import type { CallContext } from './context.js';
import { Listeners } from './listeners.js';

/**
 * What a context that can be given up by itself knows about that. Contexts make one only when somebody asks
 * or tells: most calls end before anybody does.
 */
export class Cancellation {
  given = false;
  reason: unknown = undefined;
  #controller: AbortController | undefined;
  #unlink: (() => void) | undefined;
  #listeners: Listeners | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.given) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  onCancel(listener: () => void): () => void {
    this.#listeners ??= new Listeners();
    return this.#listeners.add(listener);
  }

  /** The first reason stays. */
  give(reason: unknown): void {
    if (this.given) return;
    this.given = true;
    this.reason = reason;
    this.#controller?.abort(reason);
    this.#listeners?.tell();
  }

  /** Hears from now on, until {@link unlink}, when the parent is given up. */
  link(parent: CallContext, onCancelled: () => void): void {
    this.#unlink ??= parent.onCancel(() => {
      // The parent has let go of this already.
      this.#unlink = undefined;
      onCancelled();
    });
  }

  unlink(): void {
    this.#unlink?.();
    this.#unlink = undefined;
  }
}
