import { RevocableContext } from '../kernel/revocable-context.js';

/** One call whose answer is a stream: it lasts until the stream ends, and ends when its reader leaves. */
export class StreamCall extends RevocableContext {
  /** Hands the stream to the caller; set when the call starts. */
  onDelivery: ((answer: unknown) => void) | undefined = undefined;
  #delivered = false;
  #open = 0;

  override get delivered(): boolean {
    return this.#delivered;
  }

  /** Hands `answer` to the caller, unless the call has an answer already. */
  deliver(answer: unknown): boolean {
    const { onDelivery } = this;
    if (onDelivery === undefined) return false;
    this.onDelivery = undefined;
    this.#delivered = true;
    onDelivery(answer);
    return true;
  }

  /** An attempt begins. */
  open(): void {
    this.#open++;
  }

  /** An attempt has come to its end. */
  close(): void {
    this.#open--;
    this.#rest();
  }

  /** The policy has answered: what is opened from now on comes too late. */
  settle(): void {
    this.onDelivery = undefined;
    this.#rest();
  }

  /** With neither an answer to come nor an open stream nothing can be given up. */
  #rest(): void {
    if (this.onDelivery === undefined && this.#open === 0) this.release();
  }
}
