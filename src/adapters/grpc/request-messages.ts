import type { GrpcInnerCall, GrpcMessageContext } from './grpc-client.js';

interface Part {
  readonly context: GrpcMessageContext;
  readonly message: unknown;
}

/**
 * What a client sends: one message, which can be sent again by each attempt, or a stream, which one attempt
 * takes over. Of a stream no more waits for that attempt than its writer sends without waiting for it.
 */
export class RequestMessages {
  readonly stream: boolean;
  #parts: Part[] = [];
  #ended = false;
  #sink: GrpcInnerCall | undefined;
  #dropped = false;

  constructor(stream: boolean) {
    this.stream = stream;
  }

  add(context: GrpcMessageContext, message: unknown): void {
    if (this.#sink !== undefined) {
      this.#sink.sendMessageWithContext(context, message);
      return;
    }
    if (!this.#dropped) this.#parts.push({ context, message });
    // Nobody waits for what is only kept, or for what nobody will have.
    if (!this.stream || this.#dropped) context.callback?.();
  }

  end(): void {
    this.#ended = true;
    this.#sink?.halfClose();
  }

  /** Sends what there is; a stream goes there from then on. */
  feed(call: GrpcInnerCall): void {
    for (const { context, message } of this.#parts) {
      call.sendMessageWithContext(this.stream ? context : { flags: context.flags }, message);
    }
    if (this.stream) {
      this.#parts = [];
      this.#sink = call;
    }
    if (this.#ended) call.halfClose();
  }

  /** The call is over: whoever still writes shall not wait for it. */
  drop(): void {
    const left = this.stream ? this.#parts : [];
    this.#dropped = true;
    this.#parts = [];
    for (const { context } of left) context.callback?.();
  }
}
