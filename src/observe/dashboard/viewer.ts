/** Where the words to a viewer go: a response of `node:http`, or the body of a `Response`. */
export interface ViewerSink {
  write(text: string): void;
  /** What was written and is not yet taken, in bytes. */
  pendingBytes(): number;
  /** Ends the answer in order. */
  end(): void;
  /** Breaks it off. */
  destroy(): void;
}

/** Somebody who looks, and what is still on the way to them. */
export class Viewer {
  readonly #sink: ViewerSink;
  readonly #maxBufferBytes: number;
  readonly #stallMs: number;
  /** The first message may be larger than all that may wait, and is not counted until it is through. */
  #allowance = 0;
  #stalledSince: number | undefined;

  constructor(sink: ViewerSink, maxBufferBytes: number, stallMs: number) {
    this.#sink = sink;
    this.#maxBufferBytes = maxBufferBytes;
    this.#stallMs = stallMs;
  }

  greet(text: string): void {
    this.#sink.write(text);
    this.#allowance = this.#sink.pendingBytes();
  }

  /** False for one that has stopped reading: too much waits for it, or for too long. */
  tell(text: string, now: number): boolean {
    const pending = this.#sink.pendingBytes();
    if (pending === 0) {
      this.#allowance = 0;
      this.#stalledSince = undefined;
    } else {
      this.#stalledSince ??= now;
      const tooLong = now - this.#stalledSince >= this.#stallMs;
      if (tooLong || pending > this.#maxBufferBytes + this.#allowance) return false;
    }
    this.#sink.write(text);
    return true;
  }

  end(): void {
    this.#sink.end();
  }

  destroy(): void {
    this.#sink.destroy();
  }
}
