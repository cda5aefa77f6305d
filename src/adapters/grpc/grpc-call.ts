import { contextOf } from '../../kernel/call-options.js';
import type { Clock } from '../../kernel/clock.js';
import type { CallContext, Context } from '../../kernel/context.js';
import { AbandonedError } from '../../kernel/errors.js';
import type { Policy } from '../../kernel/policy.js';
import { DeliveredContext } from '../interceptors/delivered-context.js';
import { AttemptedAnswer, type GrpcAnswer, GrpcAttempt, type GrpcAttemptOwner } from './grpc-attempt.js';
import type {
  GrpcCallOptions,
  GrpcInnerCall,
  GrpcListener,
  GrpcMessageContext,
  GrpcMetadata,
  GrpcNextCall,
  GrpcStatus,
} from './grpc-client.js';
import { CANCELLED, GrpcFailure, statusOf } from './grpc-failure.js';
import { deadlineOf, followParent } from './grpc-parent.js';
import { RequestMessages } from './request-messages.js';

/** How often the call was made before, for the server: https://grpc.io, proposal A6. */
const PREVIOUS_ATTEMPTS = 'grpc-previous-rpc-attempts';
const NOT_HANDED = 'a policy must answer what it was handed: a Fallback belongs around the call';

/** What calls of one interceptor share. */
export interface GrpcPlan {
  readonly clock: Clock;
  readonly repeatable: (path: string) => boolean;
  readonly policyOf: (streams: boolean, idempotent: boolean) => Policy;
}

/** One call of a client. To it, it is a call of gRPC, however many attempts there are. */
export class InterceptedGrpcCall implements GrpcInnerCall, GrpcAttemptOwner {
  readonly path: string;
  readonly streams: boolean;
  readonly #plan: GrpcPlan;
  readonly #options: GrpcCallOptions;
  readonly #next: GrpcNextCall;
  readonly #requests: RequestMessages;
  readonly #open = new Set<GrpcAttempt>();
  #metadata!: GrpcMetadata;
  #listener!: GrpcListener;
  #call: DeliveredContext | undefined;
  #leaveParent: (() => void) | undefined;
  /** The attempt that began last. */
  #latest: GrpcAttempt | undefined;
  /** The one whose answers are handed on. */
  #live: GrpcAttempt | undefined;
  #wantsMessage = false;
  #cancelled = false;
  #settled = false;
  #over = false;

  constructor(plan: GrpcPlan, options: GrpcCallOptions, next: GrpcNextCall) {
    const { path, requestStream, responseStream } = options.method_definition;
    this.path = path;
    this.streams = responseStream;
    this.#plan = plan;
    this.#options = options;
    this.#next = next;
    this.#requests = new RequestMessages(requestStream);
  }

  start(metadata: GrpcMetadata, listener: Partial<GrpcListener> = {}): void {
    this.#metadata = metadata;
    this.#listener = {
      onReceiveMetadata: leading => listener.onReceiveMetadata?.(leading),
      onReceiveMessage: message => listener.onReceiveMessage?.(message),
      onReceiveStatus: status => listener.onReceiveStatus?.(status),
    };
    if (this.#requests.stream) this.#begin();
  }

  sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message);
  }

  sendMessageWithContext(context: GrpcMessageContext, message: unknown): void {
    this.#requests.add(context, message);
  }

  halfClose(): void {
    this.#requests.end();
    // Whatever is repeated has to be there as a whole.
    if (!this.#requests.stream) this.#begin();
  }

  startRead(): void {
    this.#wantsMessage = true;
    this.#latest?.inner?.startRead();
  }

  cancelWithStatus(code: number, details: string): void {
    if (this.#over || this.#cancelled) return;
    this.#cancelled = true;
    const reason = new GrpcFailure({ code, details, metadata: this.#blank() }, undefined);
    this.#call?.revoke(reason);
    // As every status, it comes when the call that brought it about has returned.
    queueMicrotask(() => this.end(reason.status));
  }

  getPeer(): string {
    return this.#latest?.inner?.getPeer() ?? 'unknown';
  }

  getAuthContext(): unknown {
    return this.#latest?.inner?.getAuthContext() ?? null;
  }

  claim(attempt: GrpcAttempt): boolean {
    if (this.#live !== undefined || this.#over) return false;
    this.#live = attempt;
    this.#call!.deliver();
    return true;
  }

  left(attempt: GrpcAttempt): void {
    this.#open.delete(attempt);
  }

  leading(metadata: GrpcMetadata): void {
    if (!this.#over) this.#listener.onReceiveMetadata(metadata);
  }

  message(message: unknown): void {
    this.#wantsMessage = false;
    if (!this.#over) this.#listener.onReceiveMessage(message);
  }

  end(status: GrpcStatus): void {
    if (this.#over) return;
    this.#over = true;
    this.#leaveParent?.();
    this.#requests.drop();
    this.#listener.onReceiveStatus(status);
  }

  #begin(): void {
    if (this.#cancelled || this.#over) return;
    const { clock, repeatable, policyOf } = this.#plan;
    const keys = this.#metadata.get('idempotency-key');
    const idempotencyKey = typeof keys[0] === 'string' && keys[0] !== '' ? keys[0] : undefined;
    const idempotent = idempotencyKey !== undefined || repeatable(this.path);
    const leftMs = deadlineOf(this.#options) - clock.wall();
    const timeoutMs = leftMs < Infinity ? Math.max(0, leftMs) : undefined;
    const call = new DeliveredContext(
      contextOf({ key: this.path, idempotencyKey, idempotent, timeoutMs }, clock),
    );
    this.#call = call;
    const streams = this.#requests.stream || this.streams;
    // What must not happen twice, or cannot be sent twice, no policy repeats.
    if (streams && (this.#requests.stream || !idempotent)) call.deliver();
    this.#leaveParent = followParent(this.#options, () => {
      this.cancelWithStatus(CANCELLED, 'Cancelled by parent call');
    });
    policyOf(streams, idempotent)
      .execute(context => this.#attempt(context), call)
      .then(
        answer => this.#answered(answer),
        error => this.#refused(error),
      );
  }

  #attempt(context: Context): Promise<GrpcAnswer> {
    const call = contextOf(context, this.#plan.clock);
    if (this.#settled || (this.#requests.stream && this.#latest !== undefined)) {
      throw new AbandonedError('grpcInterceptor: the call has an answer, or a stream that was sent already');
    }
    const attempt = new GrpcAttempt(this, call);
    this.#open.add(attempt);
    this.#latest = attempt;
    return attempt.run(() => {
      const inner = this.#next(this.#optionsFor(call));
      attempt.inner = inner;
      inner.start(this.#metadataFor(call), attempt);
      this.#requests.feed(inner);
      if (this.#wantsMessage) inner.startRead();
    });
  }

  /** Its deadline travels: the server is told of it. */
  #optionsFor(call: CallContext): GrpcCallOptions {
    if (call.deadline >= this.#call!.deadline) return this.#options;
    return { ...this.#options, deadline: this.#plan.clock.wall() + call.remainingMs() };
  }

  #metadataFor({ attempt }: CallContext): GrpcMetadata {
    const metadata = this.#metadata.clone();
    if (attempt > 1) metadata.set(PREVIOUS_ATTEMPTS, String(attempt - 1));
    return metadata;
  }

  #answered(answer: unknown): void {
    const taken = this.#live !== undefined || (answer instanceof AttemptedAnswer && answer.isTakenBy(this));
    if (!taken) this.end(statusOf(new TypeError(`grpcInterceptor: ${NOT_HANDED}`), this.#blank()));
    this.#settle();
  }

  #refused(error: unknown): void {
    if (this.#live === undefined && error instanceof GrpcFailure && error.leading !== undefined) {
      this.leading(error.leading);
    }
    this.end(statusOf(error, this.#blank()));
    this.#settle();
  }

  #settle(): void {
    this.#settled = true;
    for (const attempt of this.#open) {
      if (attempt !== this.#live)
        attempt.abort(new AbandonedError('grpcInterceptor: the call has an answer'));
    }
  }

  /** Metadata without anything in it, of the package that the client is of. */
  #blank(): GrpcMetadata {
    return new (this.#metadata.constructor as new () => GrpcMetadata)();
  }
}
