import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** The connection of a request that came by no socket. */
export interface FetchSocket {
  readonly remoteAddress: string | undefined;
  readonly encrypted?: true;
  /** After so long in which nobody has read, in ms, `onLate` is called; 0 for not any more. */
  setTimeout(ms: number, onLate: () => void): void;
  destroy(): void;
}

/** The name and value pairs of a `Request`, framed by what its body is and not by what it says. */
export function fieldsOf(request: Request, url: URL): string[] {
  const said = request.headers.get('content-length');
  const isNumber = said !== null && /^\d{1,15}$/.test(said);
  const left = ['host', 'transfer-encoding', 'content-length'];
  const fields = ['Host', url.host];
  for (const [name, value] of request.headers) if (!left.includes(name)) fields.push(name, value);
  // What is no number is for the gateway to refuse.
  if (said !== null && !isNumber) fields.push('Content-Length', said);
  else if (request.body === null) return said === '0' ? [...fields, 'Content-Length', '0'] : fields;
  else if (isNumber) fields.push('Content-Length', said);
  else fields.push('Transfer-Encoding', 'chunked');
  return fields;
}

/** A `Request` of fetch in the shape of a message of `node:http`. */
export class FetchRequest extends Readable {
  readonly method: string;
  readonly url: string;
  readonly httpVersion = '1.1';
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly rawTrailers: readonly string[] = [];
  readonly socket: FetchSocket;
  /** Whether its body has been read to the end. */
  complete = false;
  readonly #body: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** What of the length that it says has not come. */
  #left: number;

  constructor(request: Request, socket: FetchSocket) {
    super();
    const url = new URL(request.url);
    this.method = request.method;
    this.url = url.pathname + url.search;
    this.rawHeaders = fieldsOf(request, url);
    const names = this.rawHeaders.filter((_, at) => at % 2 === 0);
    this.headers = Object.fromEntries(
      names.map((name, at) => [name.toLowerCase(), this.rawHeaders[at * 2 + 1]!]),
    );
    this.socket = socket;
    this.#body = request.body?.getReader();
    const length = this.headers['content-length'];
    this.#left = length === undefined ? Infinity : Number(length);
    if (this.#body !== undefined) return;
    this.complete = true;
    this.push(null);
  }

  /** The message, as the rest of the gateway takes it. */
  get message(): IncomingMessage {
    return this as unknown as IncomingMessage;
  }

  override _read(): void {
    this.#pull().catch((error: unknown) => this.destroy(error as Error));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Whoever sends it need not go on.
    this.#body?.cancel(error ?? undefined).catch(() => {});
    done(error);
  }

  async #pull(): Promise<void> {
    if (this.#body === undefined) return;
    const { done, value } = await this.#body.read();
    if (this.destroyed) return;
    if (done) {
      // An upstream that was told a length would take the next request for the rest of this one.
      if (this.#left > 0 && this.#left < Infinity) throw new Error('the body is shorter than it says');
      this.complete = true;
      this.push(null);
      return;
    }
    if (value.byteLength > this.#left) throw new Error('the body is longer than it says');
    this.#left -= value.byteLength;
    if (value.byteLength === 0) await this.#pull();
    else this.push(value);
  }
}
