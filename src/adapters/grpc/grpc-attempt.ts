import type { CallContext } from '../../kernel/context.js';
import type { GrpcInnerCall, GrpcListener, GrpcMetadata, GrpcStatus } from './grpc-client.js';
import { CANCELLED, GrpcFailure, OK } from './grpc-failure.js';

/** What a call was answered, as policies get to judge it. */
export interface GrpcAnswer {
  /** The method, such as `/stock.Stock/Count`. */
  readonly path: string;
  /** What was answered; `undefined` where answers come as a stream. */
  readonly message: unknown;
}

/** What an attempt needs of the call that it belongs to. */
export interface GrpcAttemptOwner {
  readonly path: string;
  /** Whether its answers come as a stream, to be handed on as they come. */
  readonly streams: boolean;
  /** Makes `attempt` the one whose answers are handed on, unless there is one already. */
  claim(attempt: GrpcAttempt): boolean;
  /** Hands something on to the client. */
  leading(metadata: GrpcMetadata): void;
  message(message: unknown): void;
  end(status: GrpcStatus): void;
  /** It has ended, whatever became of it. */
  left(attempt: GrpcAttempt): void;
}

/** The answer of one attempt, as a whole. */
export class AttemptedAnswer implements GrpcAnswer {
  readonly path: string;
  readonly message: unknown;
  readonly #owner: GrpcAttemptOwner;
  readonly #leading: GrpcMetadata | undefined;
  readonly #status: GrpcStatus;

  constructor(
    owner: GrpcAttemptOwner,
    leading: GrpcMetadata | undefined,
    message: unknown,
    status: GrpcStatus,
  ) {
    this.#owner = owner;
    this.path = owner.path;
    this.#leading = leading;
    this.message = message;
    this.#status = status;
  }

  /** Hands it on as the answer of `owner`; `false` when it is none of its. */
  isTakenBy(owner: GrpcAttemptOwner): boolean {
    if (owner !== this.#owner) return false;
    if (this.#leading !== undefined) owner.leading(this.#leading);
    if (this.message !== undefined) owner.message(this.message);
    owner.end(this.#status);
    return true;
  }
}

/** One attempt: what a policy runs, from its start until it has its status. */
export class GrpcAttempt implements GrpcListener {
  readonly #owner: GrpcAttemptOwner;
  readonly #unsubscribe: () => void;
  readonly #settled: Promise<GrpcAnswer>;
  #resolve!: (answer: GrpcAnswer) => void;
  #reject!: (error: unknown) => void;
  /** The call that it makes; `undefined` before that. */
  inner: GrpcInnerCall | undefined;
  #leading: GrpcMetadata | undefined;
  #message: unknown;
  /** Whether what it is answered is handed on as it comes. */
  #live = false;
  #over = false;

  constructor(owner: GrpcAttemptOwner, context: CallContext) {
    this.#owner = owner;
    this.#settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#unsubscribe = context.onCancel(() => this.abort(context.reason));
  }

  /** Makes the call. Settles when it has its status. */
  run(make: (attempt: GrpcAttempt) => void): Promise<GrpcAnswer> {
    try {
      make(this);
    } catch (error) {
      this.abort(error);
    }
    return this.#settled;
  }

  /** Ends it. */
  abort(reason: unknown): void {
    if (this.#over) return;
    this.#end(() => this.#reject(reason));
    this.inner?.cancelWithStatus(CANCELLED, 'the client does not want the answer any more');
  }

  onReceiveMetadata(metadata: GrpcMetadata): void {
    if (this.#over) return;
    this.#leading = metadata;
    if (this.#owner.streams && this.#claims()) this.#owner.leading(metadata);
  }

  onReceiveMessage(message: unknown): void {
    if (this.#over) return;
    if (!this.#owner.streams) this.#message = message;
    else if (this.#claims()) this.#owner.message(message);
  }

  onReceiveStatus(status: GrpcStatus): void {
    if (this.#over) return;
    const live = this.#live;
    const owner = this.#owner;
    this.#end(() => {
      if (status.code !== OK) this.#reject(new GrpcFailure(status, this.#leading));
      else this.#resolve(new AttemptedAnswer(owner, this.#leading, this.#message, status));
    });
    if (live) owner.end(status);
  }

  /** Whether it is the one whose answers are handed on; if another is, it is of no use. */
  #claims(): boolean {
    this.#live ||= this.#owner.claim(this);
    return this.#live;
  }

  #end(settle: () => void): void {
    this.#over = true;
    this.#unsubscribe();
    this.#owner.left(this);
    settle();
  }
}
