import { onAbort } from '../kernel/on-abort.js';

/**
 * Lets bodies be ended by signals that may live as long as the process, and leaves nothing behind: a signal
 * keeps nobody alive whose body nobody reads any more.
 *
 * Not `AbortSignal.any`: on Node 20 each of its composites leaves a trace at its sources that is never
 * cleared away.
 */
export class BodySignals {
  readonly #kept = new WeakMap<object, AbortController>();
  readonly #collected = new FinalizationRegistry<() => void>(leave => leave());

  /** Aborts `controller` with `source` until nobody holds `body` any more: who knows when it was read? */
  follow(body: object, source: AbortSignal, controller: AbortController): void {
    if (source.aborted) {
      controller.abort(source.reason);
      return;
    }
    const weak = new WeakRef(controller);
    this.#kept.set(body, controller);
    this.#collected.register(
      controller,
      onAbort(source, () => weak.deref()?.abort(source.reason)),
    );
  }
}
