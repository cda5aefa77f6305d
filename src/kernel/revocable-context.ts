import { Cancellation } from './cancellation.js';
import { CallContext } from './context.js';

/** A context that can be given up by itself, and is given up with its parent. */
export class RevocableContext extends CallContext {
  readonly #own = new Cancellation();

  constructor(parent: CallContext) {
    super(parent);
    if (parent.cancelled) this.#own.give(parent.reason);
    else if (parent.cancellable) this.#own.link(parent, () => this.revoke(parent.reason));
  }

  override get signal(): AbortSignal {
    return this.#own.signal;
  }

  override get cancellable(): boolean {
    return true;
  }

  override get cancelled(): boolean {
    return this.#own.given || this.parent!.cancelled;
  }

  override get reason(): unknown {
    return this.#own.given ? this.#own.reason : this.parent!.reason;
  }

  override onCancel(listener: () => void): () => void {
    return this.#own.onCancel(listener);
  }

  /** Gives it up; the first reason stays. */
  revoke(reason: unknown): void {
    this.#own.unlink();
    this.#own.give(reason);
  }

  /** It is over: what becomes of its parent is no concern of it any more. */
  release(): void {
    this.#own.unlink();
  }
}
