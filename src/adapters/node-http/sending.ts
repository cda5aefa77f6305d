import type { IncomingMessage, ServerResponse } from 'node:http';

/** What carries an answer: a socket, or a stream of HTTP/2. */
interface Line {
  setTimeout?(ms: number, onLate: () => void): unknown;
}

/** An answer on its way to its client. */
export class Sending {
  readonly #response: ServerResponse;
  readonly #line: Line;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#response = response;
    this.#line = 'stream' in request ? (request.stream as Line) : request.socket;
  }

  /** How many bytes wait for the client; none where an earlier answer has to go first. */
  get unsent(): number {
    return this.#response.socket === null ? 0 : this.#response.writableLength;
  }

  /** After so long without a byte, in ms, `onLate` is called; 0 for not any more. */
  setTimeout(ms: number, onLate: () => void): void {
    this.#line.setTimeout?.(ms, onLate);
  }
}
