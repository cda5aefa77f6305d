import { Readable } from 'node:stream';

/**
 * The body of a request, as undici may have it. undici destroys what it reads when a connection ends; were
 * that the request itself, its client would lose the connection on which its answer is to come.
 */
export class BodySource extends Readable {
  readonly #from: Readable;
  #ended = false;
  #sent = false;
  readonly #onData = (chunk: Uint8Array): void => {
    if (!this.push(chunk)) this.#from.pause();
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    if (this.#sent) this.push(null);
  };
  readonly #onClose = (): void => {
    if (!this.#from.readableEnded) this.destroy(new Error('the body of the request broke off'));
  };

  /** Others may hear the same request, which then flows: nothing of it must be missed. */
  constructor(from: Readable) {
    super();
    this.#from = from;
    // Whoever sends it hears of its end by the request; without a listener an error would end the process.
    this.on('error', () => {});
    from.on('data', this.#onData);
    from.once('end', this.#onEnd);
    from.once('close', this.#onClose);
  }

  override _read(): void {
    if (!this.#ended) this.#from.resume();
  }

  /** A body whose end is known before it is sent would be given a length in place of its chunks. */
  override resume(): this {
    super.resume();
    if (!this.#sent) {
      this.#sent = true;
      if (this.#ended) this.push(null);
    }
    return this;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#from.off('data', this.#onData);
    this.#from.off('end', this.#onEnd);
    this.#from.off('close', this.#onClose);
    if (!this.#ended) this.#from.pause();
    callback(error);
  }
}
