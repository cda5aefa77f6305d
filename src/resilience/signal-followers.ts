/** Who is aborted together with a signal; one behind a `WeakRef` only if somebody else keeps it alive. */
type Follower = AbortController | WeakRef<AbortController>;

/** Those who follow one signal. */
class Crowd {
  readonly #source: AbortSignal;
  readonly #followers = new Set<Follower>();

  constructor(source: AbortSignal) {
    this.#source = source;
  }

  join(follower: Follower): void {
    if (this.#followers.size === 0) this.#source.addEventListener('abort', this.#disperse, { once: true });
    this.#followers.add(follower);
  }

  leave(follower: Follower): void {
    if (!this.#followers.delete(follower) || this.#followers.size > 0) return;
    this.#source.removeEventListener('abort', this.#disperse);
  }

  readonly #disperse = (): void => {
    const followers = [...this.#followers];
    this.#followers.clear();
    for (const follower of followers) {
      const controller = follower instanceof WeakRef ? follower.deref() : follower;
      controller?.abort(this.#source.reason);
    }
  };
}

/**
 * Follows signals that may live as long as the process, and leaves nothing behind: a signal bears one
 * listener, however many follow it, and it keeps nobody alive whose work is done.
 *
 * Not `AbortSignal.any`: on Node 20 each of its composites leaves a trace at its sources that is never
 * cleared away. And not a listener for each call: Node warns of a leak at the eleventh.
 */
export class SignalFollowers {
  readonly #crowds = new WeakMap<AbortSignal, Crowd>();
  readonly #kept = new WeakMap<object, AbortController>();
  readonly #collected = new FinalizationRegistry<() => void>(leave => leave());

  /** Aborts `controller` when `source` is aborted, until the function returned is called. */
  follow(source: AbortSignal, controller: AbortController): () => void {
    return this.#join(source, controller, controller);
  }

  /** The same until nobody holds `holder` any more: who knows when a body has been read? */
  followFor(holder: object, source: AbortSignal, controller: AbortController): void {
    this.#kept.set(holder, controller);
    this.#collected.register(controller, this.#join(source, controller, new WeakRef(controller)));
  }

  #join(source: AbortSignal, controller: AbortController, follower: Follower): () => void {
    if (source.aborted) {
      controller.abort(source.reason);
      return () => {};
    }
    let crowd = this.#crowds.get(source);
    if (crowd === undefined) {
      crowd = new Crowd(source);
      this.#crowds.set(source, crowd);
    }
    crowd.join(follower);
    return crowd.leave.bind(crowd, follower);
  }
}
