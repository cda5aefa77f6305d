import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { renamed } from '../../gateway/answer-changes.js';
import { answerFields, answerTrailers, applyFields } from '../../gateway/forward-fields.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import type { GatewayAnswer } from '../../gateway/problem.js';
import type { RoutePlan } from '../../gateway/route-plan.js';
import { Http2Response } from './http2-response.js';
import type { OwnReply } from './own-reply.js';
import type { UpstreamReply } from './upstream-reply.js';

/** Ends an answer so that nobody can take what has come for all there is. */
export function cutAnswer(response: ServerResponse | Http2Response, socket: Socket): void {
  if (response instanceof Http2Response) {
    response.cut();
    return;
  }
  // Without a length, to a client of HTTP/1.0, a clean end would look like the end of the answer.
  if (typeof socket.resetAndDestroy === 'function' && !('encrypted' in socket)) socket.resetAndDestroy();
  else socket.destroy();
}

/** Writes the one answer of a request. */
export class ResponseWriter {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** Whether this connection is to end with this answer. */
  closing: () => boolean;

  constructor(request: IncomingMessage, response: ServerResponse, closing: () => boolean) {
    this.#request = request;
    this.#response = response;
    this.closing = closing;
  }

  /** Answers by itself. */
  answer({ status, fields, body, close }: GatewayAnswer, extra: readonly string[]): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array());
    const length = status === 204 || status === 304 ? [] : ['Content-Length', String(bytes.byteLength)];
    this.#head(status, [...fields, ...length, ...extra], close === true);
    this.#response.end(bytes);
  }

  /** Writes what a function answered; `onCut` is told when its stream breaks off. */
  own({ status, fields, body }: OwnReply, extra: readonly string[], onCut: (error: unknown) => void): void {
    if (!(body instanceof Readable)) {
      this.answer({ status, fields, body }, extra);
      return;
    }
    this.#head(status, [...fields, ...extra], false);
    this.#pump(body, () => [], onCut);
  }

  /** Hands an answer of an upstream on. `false` when it cannot be: then nothing was written. */
  upstream(
    reply: UpstreamReply,
    call: IncomingCall,
    plan: RoutePlan,
    onCut: (error: unknown) => void,
  ): boolean {
    const { status, head, names, listed } = reply;
    const isCors = plan.cors !== undefined;
    const passed =
      status > 599 ? undefined : answerFields(head.fields, names, listed, call, isCors, status === 204);
    if (passed === undefined) return false;
    const fields = applyFields(renamed(passed, plan.answerRenames), plan.answerHeaders);
    const given = plan.answerStatus.get(status);
    const bare = this.#request.method === 'HEAD' || status === 204 || status === 304;
    if (!bare && this.#request.httpVersion !== '1.0' && !names.includes('content-length')) {
      const declared = reply.header('trailer');
      if (declared !== undefined) fields.push('Trailer', declared);
    }
    try {
      this.#head(given ?? status, fields, false, given === undefined ? head.reason : undefined);
    } catch {
      // Something in it that Node does not send.
      return false;
    }
    const trailers = (): string[] => answerTrailers(head.trailers(), call, plan.answerHeaders, isCors);
    this.#pump(head.body, trailers, onCut);
    return true;
  }

  #head(status: number, fields: string[], close: boolean, reason?: string): void {
    // What is left of a body is not worth to be read for the next request.
    if (close || this.closing()) fields.push('Connection', 'close');
    if (fields.some((text, at) => at % 2 === 0 && text.toLowerCase() === 'date'))
      this.#response.sendDate = false;
    if (reason === undefined) this.#response.writeHead(status, fields as unknown as string[]);
    else this.#response.writeHead(status, reason, fields as unknown as string[]);
  }

  /** Back-pressure is that of `pipe`: what the client does not read is not read from the upstream. */
  #pump(body: Readable, trailers: () => readonly string[], onCut: (error: unknown) => void): void {
    const response = this.#response;
    let ended = false;
    body.once('end', () => {
      ended = true;
      const last = trailers();
      if (last.length > 0 && response.chunkedEncoding) {
        const pairs: [string, string][] = [];
        for (let at = 0; at < last.length; at += 2) pairs.push([last[at]!, last[at + 1]!]);
        response.addTrailers(pairs);
      }
      response.end();
    });
    let failure: unknown;
    body.on('error', error => {
      failure = error;
    });
    body.once('close', () => {
      if (!ended) onCut(failure ?? new Error('the answer broke off'));
    });
    if (body.destroyed && !body.readableEnded) onCut(failure ?? new Error('the answer broke off'));
    body.pipe(response, { end: false });
  }
}
