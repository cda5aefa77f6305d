import { Listeners } from './listeners.js';

/** Everybody here who listens to one signal. */
class Audience {
  readonly #signal: AbortSignal;
  readonly #listeners: Listeners = new Listeners();
  readonly #tell = (): void => this.#listeners.tell();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  join(listener: () => void): () => void {
    if (this.#listeners.size === 0) this.#signal.addEventListener('abort', this.#tell, { once: true });
    const leave = this.#listeners.add(listener);
    return () => {
      leave();
      if (this.#listeners.size === 0) this.#signal.removeEventListener('abort', this.#tell);
    };
  }
}

let audiences: WeakMap<AbortSignal, Audience> | undefined;

/**
 * Calls `listener` when `signal` aborts, until the function returned is called.
 *
 * However many calls one signal may end, it bears one listener, and none when there are no calls: Node warns
 * of a leak at the eleventh, and finding one among ten thousand is slow.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  audiences ??= new WeakMap();
  let audience = audiences.get(signal);
  if (audience === undefined) {
    audience = new Audience(signal);
    audiences.set(signal, audience);
  }
  return audience.join(listener);
}
