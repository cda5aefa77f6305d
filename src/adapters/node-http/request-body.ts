import type { IncomingMessage } from 'node:http';
import type { RequestBody } from '../../gateway/upstream.js';
import { BodyTooLargeError } from '../../gateway/upstream-error.js';

/** The body of a request, read as a whole by a function that answers it. */
export class WholeBody implements RequestBody {
  readonly #request: IncomingMessage;
  readonly #maxBytes: number;
  readonly #onRead: () => void;
  #bytes: Promise<Uint8Array> | undefined;

  /** `onRead` is told before anything is read; `whole` is what has been read already. */
  constructor(request: IncomingMessage, maxBytes: number, onRead: () => void, whole?: Uint8Array) {
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#onRead = onRead;
    if (whole !== undefined) this.#bytes = Promise.resolve(whole);
  }

  bytes(): Promise<Uint8Array> {
    this.#bytes ??= this.#read();
    return this.#bytes;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }

  async #read(): Promise<Uint8Array> {
    this.#onRead();
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this.#request as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > this.#maxBytes) throw new BodyTooLargeError('the body is larger than it may be');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }
}

/** Whether what has come of a request can be left: there is no body, or it has been read. */
export function isRead({ headers, complete, readableLength }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0)) return true;
  return complete && readableLength === 0;
}
