import type { IncomingHttpHeaders } from 'node:http';
import type { Http2ServerRequest, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { readHttp2Head } from '../../core/http2-head.js';

/**
 * A request of HTTP/2, with what is asked of an `IncomingMessage`. That of Node's own compatibility layer
 * ends its body cleanly when a client breaks off; this one errors.
 */
export class Http2Request extends Readable {
  readonly stream: ServerHttp2Stream;
  readonly socket: Socket;
  readonly method: string;
  readonly url: string;
  readonly httpVersion = '2';
  /** In the form of HTTP/1.1. */
  readonly rawHeaders: readonly string[];
  readonly rawTrailers: string[] = [];
  /** Those that say how the body is framed. */
  readonly headers: IncomingHttpHeaders = {};
  /** Whether the head is no request at all. */
  readonly malformed: boolean;
  /** Whether it has come as a whole. */
  complete: boolean;
  #reading = false;

  constructor(request: Http2ServerRequest) {
    super();
    const stream = request.stream as ServerHttp2Stream;
    const head = readHttp2Head(request.rawHeaders, stream.endAfterHeaders);
    this.stream = stream;
    this.socket = request.socket as Socket;
    this.malformed = head === undefined;
    this.method = head?.method ?? request.method;
    this.url = head?.target ?? request.url ?? '';
    this.rawHeaders = head?.fields ?? [];
    for (let at = 0; at < this.rawHeaders.length; at += 2) {
      const name = this.rawHeaders[at]!.toLowerCase();
      if (name === 'content-length' || name === 'transfer-encoding') {
        this.headers[name] = this.rawHeaders[at + 1]!;
      }
    }
    this.complete = stream.endAfterHeaders;
    if (this.complete) this.push(null);
    // Whoever reads it hears of errors; without a listener they would end the process.
    this.on('error', () => {});
    stream.on('trailers', (_, __, raw?: readonly string[]) => this.rawTrailers.push(...(raw ?? [])));
    stream.once('close', () => this.#gone());
  }

  override _read(): void {
    if (this.complete || this.stream.destroyed) return;
    if (this.#reading) {
      this.stream.resume();
      return;
    }
    this.#reading = true;
    this.stream.on('data', (chunk: Uint8Array) => {
      if (!this.push(chunk)) this.stream.pause();
    });
    this.stream.once('end', () => {
      // Node ends what it reads also when the client breaks off.
      if (this.stream.closed) return;
      this.complete = true;
      this.push(null);
    });
  }

  #gone(): void {
    if (!this.complete) this.destroy(new Error('the request broke off'));
  }
}
