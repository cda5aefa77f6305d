import { type Duplex, Readable } from 'node:stream';
import { UpstreamError } from '../../gateway/upstream-error.js';
import type { SilenceWatch, Watched } from '../node-http/silence-watch.js';
import type { UpstreamListener, UpstreamSend, UpstreamStream } from '../node-http/upstream-engine.js';
import type { UndiciController, UndiciHandler } from './undici-module.js';

type Raw = readonly (Uint8Array | string)[];

const text = (part: Uint8Array | string): string =>
  typeof part === 'string'
    ? part
    : Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1');

/** The body of an answer. What is not read of it is not read from the upstream either. */
class AnswerBody extends Readable {
  readonly #controller: UndiciController;
  readonly #onWanted: () => void;
  readonly #onGone: () => void;

  constructor(controller: UndiciController, onWanted: () => void, onGone: () => void) {
    super();
    this.#controller = controller;
    this.#onWanted = onWanted;
    this.#onGone = onGone;
    // Whoever reads it hears of errors; without a listener they would end the process.
    this.on('error', () => {});
  }

  override _read(): void {
    this.#onWanted();
    this.#controller.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#onGone();
    callback(error);
  }
}

/** Errors by which a connection says that it ended, not that what it said was wrong. */
const ENDED = /* @__PURE__ */ new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
/** What undici reports as the end of a connection, though the upstream has broken the protocol. */
const WRONG = /^bad (response|upgrade)$/;
const gone = (): Error => new Error('the request was given up');

/** What a request needs of the engine that sends it. */
export interface UndiciShell {
  readonly silence: SilenceWatch;
  /** Requests that wait for a connection. */
  waiting: number;
  /** Whether a connection had been answered on before it broke with this error. */
  wasUsed(error: Error): boolean;
}

/** One request of undici, from its start to the end of its answer. */
export class UndiciRequest implements UpstreamStream, UndiciHandler, Watched {
  readonly #send: UpstreamSend;
  readonly #listener: UpstreamListener;
  readonly #shell: UndiciShell;
  #controller: UndiciController | undefined;
  #body: AnswerBody | undefined;
  #trailers: readonly string[] = [];
  /** Whether its outcome was told, or is not wanted any more. */
  #settled = false;
  /** Whether the answer has come as a whole. */
  #whole = false;
  #aborted = false;
  #waits = true;
  #heard = 0;
  /** What it had heard when it was looked at last. */
  heardBefore = -1;

  constructor(send: UpstreamSend, listener: UpstreamListener, shell: UndiciShell) {
    this.#send = send;
    this.#listener = listener;
    this.#shell = shell;
    shell.waiting++;
  }

  abort(): void {
    this.#settled = true;
    this.#aborted = true;
    this.#waitsNoMore();
    this.#shell.silence.leave(this);
    this.#controller?.abort(gone());
  }

  get heard(): number {
    return this.#heard;
  }

  get idleTimeoutMs(): number {
    return this.#send.idleTimeoutMs;
  }

  /** Whether it is the client that keeps the upstream from speaking. */
  get held(): boolean {
    return (this.#body?.readableLength ?? 0) >= (this.#body?.readableHighWaterMark ?? 1);
  }

  fellSilent(): void {
    this.#body?.destroy(new UpstreamError('reset', 'it fell silent'));
  }

  onRequestStart(controller: UndiciController): void {
    this.#controller = controller;
    this.#waitsNoMore();
    if (this.#aborted) controller.abort(gone());
  }

  onRequestUpgrade(controller: UndiciController, status: number, _: unknown, socket: unknown): void {
    const connection = socket as Duplex;
    connection.on('error', () => {});
    if (this.#settled) {
      connection.destroy();
      return;
    }
    this.#settled = true;
    const fields = this.#textsOf(controller.rawHeaders);
    // What came behind the head has been put back: it is the first thing to be read.
    this.#listener.upgraded({ status, reason: '', fields }, connection, new Uint8Array());
  }

  onResponseStart(controller: UndiciController, status: number, _: unknown, reason = ''): void {
    if (this.#settled) return;
    const fields = this.#textsOf(controller.rawHeaders);
    if (status < 200) {
      this.#listener.information(status, fields);
      return;
    }
    this.#settled = true;
    const wanted = (): void => {
      // Until now it was the client that it waited for.
      this.#heard++;
    };
    const body = new AnswerBody(controller, wanted, () => this.#bodyGone());
    this.#body = body;
    // undici takes the length that they tell of for one that is still to come.
    if (status === 304 || status === 204) this.#end(body);
    else if (!isEventStream(fields)) this.#shell.silence.enter(this);
    this.#listener.head({ status, reason, fields, body, trailers: () => this.#trailers });
  }

  onResponseData(controller: UndiciController, chunk: Uint8Array): void {
    this.#heard++;
    if (this.#whole || this.#body?.push(chunk) === false) controller.pause();
  }

  onResponseEnd(controller: UndiciController): void {
    if (this.#whole || this.#body === undefined) return;
    this.#trailers = this.#textsOf(controller.rawTrailers ?? []);
    this.#end(this.#body);
  }

  onResponseError(_: UndiciController, error: Error & { readonly code?: string }): void {
    this.#waitsNoMore();
    this.#shell.silence.leave(this);
    if (this.#body !== undefined) {
      if (!this.#whole) this.#body.destroy(error);
      return;
    }
    if (this.#settled) return;
    this.#settled = true;
    const code = error.code ?? '';
    const ended = ENDED.has(code) && !WRONG.test(error.message);
    const failure = this.#controller === undefined ? 'connect' : ended ? 'reset' : 'protocol';
    const message = failure === 'protocol' ? 'it answered what is no HTTP' : 'it could not be asked';
    const stale = failure === 'reset' && this.#shell.wasUsed(error);
    this.#listener.failed(new UpstreamError(failure, `the upstream: ${message}`, { cause: error }), stale);
  }

  #end(body: AnswerBody): void {
    this.#whole = true;
    this.#shell.silence.leave(this);
    body.push(null);
  }

  #waitsNoMore(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#shell.waiting--;
  }

  #bodyGone(): void {
    this.#shell.silence.leave(this);
    if (!this.#whole) this.#controller?.abort(gone());
  }

  #textsOf(raw: Raw | null | undefined): string[] {
    if (raw == null) throw new TypeError('UndiciEngine: needs undici 7.28 or later');
    return raw.map(text);
  }
}

function isEventStream(fields: readonly string[]): boolean {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]!.length !== 12 || fields[at]!.toLowerCase() !== 'content-type') continue;
    return /^text\/event-stream\b/i.test(fields[at + 1]!);
  }
  return false;
}
