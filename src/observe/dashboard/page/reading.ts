import { setHidden, setText } from './dom.js';

/** How often a list that is open is read again when nothing happens. */
export const AGAIN_MS = 5_000;

/** Reads a list from the server, once at a time, and says where it could not. */
export class Reading<Answer> {
  readonly #ask: () => Promise<unknown>;
  readonly #show: (answer: Answer) => void;
  readonly #says: HTMLElement;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading = false;

  constructor(ask: () => Promise<unknown>, show: (answer: Answer) => void, says: HTMLElement) {
    this.#ask = ask;
    this.#show = show;
    this.#says = says;
  }

  /** The ms since it was read last. */
  get ageMs(): number {
    return performance.now() - this.#readAt;
  }

  async now(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    this.#readAt = performance.now();
    try {
      this.#show((await this.#ask()) as Answer);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      setText(this.#says, `They could not be read: ${why}`);
      setHidden(this.#says, false);
    } finally {
      this.#reading = false;
    }
  }
}
