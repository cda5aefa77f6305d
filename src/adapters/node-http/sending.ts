import type { IncomingMessage, ServerResponse } from 'node:http';

/** What carries an answer: a socket, or a stream of HTTP/2. */
interface Line {
  setTimeout?(ms: number, onLate: () => void): unknown;
}

/** An answer on its way to its client. */
export class Sending {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #line: Line;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    this.#line = 'stream' in request ? (request.stream as Line) : request.socket;
  }

  /** Whether what still comes on its connection is no part of the request, or changes nothing any more. */
  get isDue(): boolean {
    return this.#request.complete || this.#response.writableEnded;
  }

  /** Whether something waits for the client, and no earlier answer that has to go first. */
  get isWaiting(): boolean {
    const { socket, writableLength, writableEnded, writableFinished } = this.#response;
    return socket !== null && (writableLength > 0 || (writableEnded && !writableFinished));
  }

  /** After so long without a byte, in ms, `onLate` is called; 0 for not any more. */
  setTimeout(ms: number, onLate: () => void): void {
    this.#line.setTimeout?.(ms, onLate);
  }
}
