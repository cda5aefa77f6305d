import type { OpenExchange } from './gateway-shell.js';

/**
 * Cuts answers off whose clients take nothing of them for too long. It looks at intervals which answers
 * wait for their clients, so that those that do not cost nothing.
 */
export class SlowClients {
  readonly #open: ReadonlyMap<OpenExchange, true>;
  readonly #limitMs: number;
  readonly #late = new Map<OpenExchange, () => void>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(open: ReadonlyMap<OpenExchange, true>, limitMs: number) {
    this.#open = open;
    this.#limitMs = limitMs;
  }

  /** There is something to look at. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#look(), Math.max(1, this.#limitMs / 4));
    this.#timer.unref();
  }

  ended(exchange: OpenExchange): void {
    const late = this.#late.get(exchange);
    if (late !== undefined) this.#forget(exchange, late);
  }

  #look(): void {
    if (this.#open.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const exchange of this.#open.keys()) {
      const late = this.#late.get(exchange);
      if (exchange.sending.isWaiting) {
        if (late === undefined) this.#watch(exchange);
      } else if (late !== undefined) {
        this.#forget(exchange, late);
      }
    }
  }

  #watch(exchange: OpenExchange): void {
    const late = (): void => exchange.cut();
    this.#late.set(exchange, late);
    exchange.sending.setTimeout(this.#limitMs, late);
  }

  /** A time of its own that the server has for it begins anew with its next request. */
  #forget(exchange: OpenExchange, late: () => void): void {
    this.#late.delete(exchange);
    exchange.sending.setTimeout(0, late);
  }
}
