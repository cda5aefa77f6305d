import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';

/** So much of a body nobody needs to have read, in bytes: what is small ends by itself. */
const MOST_UNREAD = 65_536;
/** Statuses that have no body. */
const BARE: readonly number[] = [204, 205, 304];
/** Fields of a connection, which is not ours. */
const CONNECTION: readonly string[] = ['connection', 'keep-alive', 'transfer-encoding', 'trailer'];

/** What of a response of `node:http` the gateway uses, with a `Response` of fetch at its other end. */
export class FetchResponse extends Writable {
  /** The head of the answer; rejects when there will be none. */
  readonly response: Promise<Response>;
  headersSent = false;
  sendDate = false;
  shouldKeepAlive = true;
  /** Trailers have no place in a `Response`. */
  readonly chunkedEncoding = false;
  readonly #isHead: boolean;
  #settle!: { resolve(response: Response): void; reject(error: unknown): void };
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Counts how long nobody reads, while somebody wants to know. */
  #unread: ReturnType<typeof setTimeout> | undefined;
  /** Goes on with the next piece, when somebody reads. */
  #wanted: (() => void) | undefined;

  constructor(isHead: boolean) {
    super({ highWaterMark: 0 });
    this.#isHead = isHead;
    this.response = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.on('error', () => {});
  }

  /** The response, as the rest of the gateway takes it. */
  get message(): ServerResponse {
    return this as unknown as ServerResponse;
  }

  /** Writes the head: a status, words, and name, value, name, value … */
  writeHead(status: number, reason: string | readonly string[], fields?: readonly string[]): this {
    const [words, all] = typeof reason === 'string' ? [reason, fields ?? []] : ['', reason];
    const headers = new Headers();
    for (let at = 0; at < all.length; at += 2) {
      if (!CONNECTION.includes(all[at]!.toLowerCase())) headers.append(all[at]!, all[at + 1]!);
    }
    const body = this.#isHead || BARE.includes(status) ? null : this.#makeBody();
    const response = new Response(body, { status, statusText: words, headers });
    this.headersSent = true;
    this.#settle.resolve(response);
    return this;
  }

  /** Nobody waits for it: whoever sends the body has begun. */
  writeContinue(): void {}
  writeProcessing(): void {}
  writeEarlyHints(): void {}
  addTrailers(): void {}
  detachSocket(): void {}

  /** After so long in which nobody has read, in ms, `onLate` is called; 0 for not any more. */
  setTimeout(ms: number, onLate: () => void): void {
    clearTimeout(this.#unread);
    this.#unread = ms > 0 ? setTimeout(onLate, ms) : undefined;
  }

  override _write(chunk: Uint8Array, _: unknown, done: () => void): void {
    const stream = this.#stream;
    if (stream === undefined || chunk.byteLength === 0) {
      done();
      return;
    }
    stream.enqueue(new Uint8Array(chunk));
    // What is not read is not asked for.
    if (stream.desiredSize! > 0) done();
    else this.#wanted = done;
  }

  override _final(done: () => void): void {
    this.#stream?.close();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#unread);
    if (!this.writableFinished) {
      const why = error ?? new Error('the answer broke off');
      this.#settle.reject(why);
      try {
        this.#stream?.error(why);
      } catch {
        // It was cancelled before.
      }
    }
    done(error);
  }

  #makeBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: controller => {
          this.#stream = controller;
        },
        pull: () => {
          this.#unread?.refresh();
          const wanted = this.#wanted;
          this.#wanted = undefined;
          wanted?.();
        },
        // Whoever reads has left.
        cancel: () => {
          this.destroy();
        },
      },
      { highWaterMark: MOST_UNREAD, size: chunk => chunk.byteLength },
    );
  }
}
