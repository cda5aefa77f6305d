import { constants, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';
import { Writable } from 'node:stream';
import type { Http2Request } from './http2-request.js';

/** Marks a stream that was ended here, not by its client. */
export const cutHere: unique symbol = /* @__PURE__ */ Symbol('cut here');

/** So long the end of a stream may take to be on its way, in ms. */
const CUT_MS = 5_000;

/** An answer of HTTP/2, with what is asked of a `ServerResponse`. */
export class Http2Response extends Writable {
  sendDate = true;
  /** Trailers can always follow. */
  readonly chunkedEncoding = true;
  readonly #request: Http2Request;
  readonly #response: Http2ServerResponse;
  readonly #stream: ServerHttp2Stream;

  constructor(request: Http2Request, response: Http2ServerResponse) {
    super();
    this.#request = request;
    this.#response = response;
    this.#stream = request.stream;
    this.on('error', () => {});
    this.#stream.once('close', () => this.destroy());
  }

  get headersSent(): boolean {
    return this.#response.headersSent;
  }

  /** The words behind a status are gone in HTTP/2, and so is `Connection`. */
  writeHead(status: number, ...[words, list]: [readonly string[]] | [string, readonly string[]]): void {
    const fields = typeof words === 'string' ? (list ?? []) : words;
    const response = this.#response;
    // What another answer has left, which could not be sent.
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    const kept: string[] = [];
    for (let at = 0; at < fields.length; at += 2) {
      if (fields[at]!.toLowerCase() !== 'connection') kept.push(fields[at]!, fields[at + 1]!);
    }
    response.sendDate = this.sendDate;
    response.writeHead(status, kept as never);
  }

  addTrailers(pairs: readonly (readonly [string, string])[]): void {
    const trailers: Record<string, string[]> = Object.create(null);
    for (const [name, value] of pairs) {
      const lower = name.toLowerCase();
      trailers[lower] = [...(trailers[lower] ?? []), value];
    }
    this.#response.addTrailers(trailers);
  }

  writeContinue(): void {
    this.#response.writeContinue();
  }

  writeProcessing(): void {
    if (!this.headersSent && !this.#stream.closed) this.#stream.additionalHeaders({ ':status': 102 });
  }

  writeEarlyHints(hints: Record<string, string | string[]>): void {
    this.#response.writeEarlyHints(hints);
  }

  /**
   * Ends it so that nobody can take what has come for all there is. Where nothing goes out on its connection,
   * for the client reads nothing or has broken a rule, that is not told, and the stream would never be over:
   * then the connection is.
   */
  cut(): void {
    const stream = this.#stream;
    if (stream.destroyed || cutHere in stream) return;
    Object.assign(stream, { [cutHere]: true });
    const { session } = stream;
    const timer = setTimeout(() => session?.destroy(), CUT_MS);
    timer.unref();
    stream.once('close', () => clearTimeout(timer));
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: (error?: Error | null) => void): void {
    // Node ends by itself what has no body: an answer to HEAD, a 204, a 304.
    if (this.#stream.writableEnded) done();
    else this.#stream.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    const stream = this.#stream;
    const over = (error?: Error | null): void => {
      done(error);
      // The client need not send what nobody will read.
      if (!this.#request.complete && !stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
    };
    if (stream.writableEnded) over(stream.destroyed && !stream.writableFinished ? gone() : null);
    else stream.end(over);
  }
}

const gone = (): Error => new Error('the client is gone');
