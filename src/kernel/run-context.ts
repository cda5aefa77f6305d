import { Cancellation } from './cancellation.js';
import { RootContext } from './context.js';

/**
 * The context of a run that begins here: no caller gives it up, but whoever holds it can. Nothing is made for
 * that before somebody asks, or does.
 */
export class RunContext extends RootContext {
  #own: Cancellation | undefined;

  override get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  override get cancellable(): boolean {
    return true;
  }

  override get cancelled(): boolean {
    return this.#own?.given === true;
  }

  override get reason(): unknown {
    return this.#own?.reason;
  }

  override onCancel(listener: () => void): () => void {
    return this.#cancellation.onCancel(listener);
  }

  /** Gives it up; the first reason stays. */
  revoke(reason: unknown): void {
    this.#cancellation.give(reason);
  }

  get #cancellation(): Cancellation {
    this.#own ??= new Cancellation();
    return this.#own;
  }
}
