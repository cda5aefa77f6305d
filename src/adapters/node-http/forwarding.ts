import type { IncomingMessage } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { isIdempotentMethod } from '../../core/idempotent-method.js';
import { retryAfterMs } from '../../core/retry-after.js';
import { renamed } from '../../gateway/answer-changes.js';
import { ForwardContext } from '../../gateway/forward-context.js';
import { applyFields, requestFields, requestTrailers } from '../../gateway/forward-fields.js';
import type { GatewayPlan } from '../../gateway/gateway-options.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import type { RoutePlan } from '../../gateway/route-plan.js';
import { SeenAnswer } from '../../gateway/seen-answer.js';
import type { UpstreamOrigin, UpstreamPlan } from '../../gateway/upstream.js';
import { BodyTooLargeError, UpstreamError, UpstreamStatusError } from '../../gateway/upstream-error.js';
import type { CallContext, Context } from '../../kernel/context.js';
import { originOfInstance } from './instance-origin.js';
import type { UpstreamEngine, UpstreamHead, UpstreamStream } from './upstream-engine.js';
import { UpstreamReply } from './upstream-reply.js';

type BareHead = Omit<UpstreamHead, 'body' | 'trailers'>;

/** A connection that an upstream has handed over, with its head. */
export class Upgraded extends SeenAnswer {
  readonly status: number;
  readonly upgraded: BareHead;
  readonly socket: Duplex;
  readonly first: Uint8Array;

  constructor(upgraded: BareHead, socket: Duplex, first: Uint8Array) {
    super();
    this.status = upgraded.status;
    this.upgraded = upgraded;
    this.socket = socket;
    this.first = first;
  }

  protected override get pairs(): readonly string[] {
    return this.upgraded.fields;
  }
}

/** What is handed on, and until when. */
export interface ForwardingFacts {
  readonly call: IncomingCall;
  readonly plan: RoutePlan;
  readonly deadline: number;
  /** The body, where it has been read as a whole; then the request itself is not touched. */
  readonly body?: Uint8Array | undefined;
}

/** What a forwarding tells of while it is under way. */
export interface ForwardingEvents {
  /** The body of the request is about to be read. */
  reading(): void;
  information(status: number, fields: readonly string[]): void;
  failed(upstream: string, error: unknown): void;
}

/** Statuses by which an upstream says that it failed; 501 and 505 say what it will never do. */
const failed = (status: number): boolean => status >= 500 && status !== 501 && status !== 505;
/** Methods whose requests say how long their body is, also when there is none. */
const saysLength = (method: string): boolean => method === 'POST' || method === 'PUT' || method === 'PATCH';

/** One request on its way to the upstream of its route: all attempts, up to the head of the answer. */
export class Forwarding {
  readonly context: ForwardContext;
  /** Where it went last. */
  upstream = '';
  readonly #gateway: GatewayPlan;
  readonly #engine: UpstreamEngine;
  readonly #call: IncomingCall;
  #plan: RoutePlan;
  readonly #request: IncomingMessage;
  readonly #events: ForwardingEvents;
  readonly #upgrade: boolean;
  readonly #whole: Uint8Array | undefined;
  #fields: string[] | undefined;
  /** What failed before; let go of when another attempt begins. */
  #last: UpstreamStatusError | undefined;

  constructor(
    gateway: GatewayPlan,
    engine: UpstreamEngine,
    { call, plan, deadline, body }: ForwardingFacts,
    request: IncomingMessage,
    upgrade: boolean,
    events: ForwardingEvents,
  ) {
    this.#gateway = gateway;
    this.#engine = engine;
    this.#call = call;
    this.#plan = plan;
    this.#whole = body;
    this.#request = request;
    this.#upgrade = upgrade;
    this.#events = events;
    const isPlain = !call.hasBody && !upgrade && call.facts.overrides.length === 0;
    const repeatable = isIdempotentMethod(call.method) && isPlain;
    const key = call.identity?.subject;
    const { priority } = plan;
    const attributes = { request: call };
    this.context = new ForwardContext(gateway.clock, { key, attributes, priority }, deadline, repeatable);
  }

  /** The answer, or what a policy gave in its stead. A status of failure is one again for whoever called. */
  async run(
    upstream: UpstreamPlan & { readonly kind: 'origin' | 'service' },
    plan = this.#plan,
  ): Promise<unknown> {
    this.#plan = plan;
    this.#fields = undefined;
    const { policy } = plan;
    const ask = (context: Context): Promise<unknown> => {
      if (upstream.kind === 'origin') return this.#attempt(context, upstream.origin, upstream.basePath);
      return upstream.proxy.call((inner, instance) => {
        const { origin, basePath } = originOfInstance(instance);
        return this.#attempt(inner, origin, basePath + upstream.basePath, () =>
          upstream.proxy.outliers?.record(instance.id, 'failure'),
        );
      }, context);
    };
    try {
      return await (policy === undefined ? ask(this.context) : policy.execute(ask, this.context));
    } catch (error) {
      // The last word of the upstream is a better one than any of ours.
      if (error instanceof UpstreamStatusError && error.reply === this.#last?.reply) return error.reply;
      this.#release();
      throw error;
    }
  }

  #release(): void {
    const { reply } = this.#last ?? {};
    this.#last = undefined;
    if (reply instanceof UpstreamReply) reply[Symbol.dispose]();
  }

  async #attempt(
    context: Context,
    origin: UpstreamOrigin,
    basePath: string,
    onCut?: () => void,
  ): Promise<UpstreamReply | Upgraded> {
    const call = context as CallContext;
    if (call.cancelled) throw call.reason;
    if (this.context.sent && !this.context.repeatable) {
      throw new UpstreamError('reset', 'the request cannot be sent twice');
    }
    this.#release();
    this.context.markSent();
    this.upstream = origin.authority;
    const answer = await this.#send(call, origin, basePath, this.context.repeatable);
    if (!(answer instanceof UpstreamReply)) return answer;
    answer.onCut = onCut;
    if (!failed(answer.status)) return answer;
    const wall = this.#gateway.clock.wall();
    const askedMs = retryAfterMs(answer.header('retry-after'), wall, Number.MAX_SAFE_INTEGER);
    this.#last = new UpstreamStatusError(answer.status, answer, { retryAfterMs: askedMs });
    throw this.#last;
  }

  /** Sends it; on a connection that turns out to have ended before, once more on another one. */
  #send(
    call: CallContext,
    origin: UpstreamOrigin,
    basePath: string,
    again: boolean,
  ): Promise<UpstreamReply | Upgraded> {
    return new Promise((resolve, reject) => {
      let stream: UpstreamStream | undefined;
      const off = call.onCancel(() => {
        stream?.abort();
        if (this.#whole === undefined) this.#request.unpipe();
        reject(call.reason);
      });
      const fail = (error: unknown): void => {
        off();
        this.#events.failed(origin.authority, error);
        reject(error);
      };
      const body = this.#bodyOf(error => {
        stream?.abort();
        fail(error);
      });
      const listener = {
        information: (status: number, fields: readonly string[]) => this.#events.information(status, fields),
        head: (head: UpstreamHead) => {
          off();
          resolve(new UpstreamReply(head));
        },
        upgraded: (head: BareHead, socket: Duplex, first: Uint8Array) => {
          off();
          resolve(new Upgraded(head, socket, first));
        },
        failed: (error: Error, stale: boolean) => {
          if (!stale || !again || call.cancelled) {
            fail(error);
            return;
          }
          off();
          this.#send(call, origin, basePath, false).then(resolve, reject);
        },
      };
      try {
        stream = this.#engine.send(
          {
            origin,
            method: this.#call.method,
            path: this.#pathFor(basePath),
            body,
            fields: this.#fieldsFor(call, origin),
            trailers: () => this.#trailers(),
            idleTimeoutMs: this.#plan.idleTimeoutMs,
          },
          listener,
        );
      } catch (error) {
        fail(error);
      }
    });
  }

  #trailers(): string[] {
    const { requestHeaders } = this.#plan;
    return requestTrailers(this.#call, this.#gateway.rules, requestHeaders, this.#request.rawTrailers);
  }

  #pathFor(basePath: string): string {
    const { rewrite } = this.#plan;
    const { path, query } = this.#call;
    return basePath + (rewrite === undefined ? path : rewrite(path)) + query;
  }

  #fieldsFor(call: CallContext, origin: UpstreamOrigin): string[] {
    const { rules } = this.#gateway;
    const incoming = this.#call;
    const { facts, hostAndPort } = incoming;
    const { requestRenames, requestHeaders } = this.#plan;
    this.#fields ??= applyFields(renamed(requestFields(incoming, rules), requestRenames), requestHeaders);
    const port = hostAndPort?.port === undefined ? '' : `:${hostAndPort.port}`;
    const own = this.#plan.preserveHost && hostAndPort !== undefined ? hostAndPort.name + port : undefined;
    const fields = ['Host', own ?? origin.authority, ...this.#fields];
    if (facts.chunked) fields.push('Transfer-Encoding', 'chunked');
    else if (facts.length !== undefined) fields.push('Content-Length', String(facts.length));
    else if (saysLength(incoming.method)) fields.push('Content-Length', '0');
    if (rules.deadlineField !== undefined && call.deadline < Infinity) {
      fields.push(rules.deadlineField, String(Math.floor(call.remainingMs())));
    }
    if (this.#upgrade) fields.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
    return fields;
  }

  /** The body of the request, counted as it goes. */
  #bodyOf(onTooLarge: (error: unknown) => void): Readable | undefined {
    const { facts } = this.#call;
    if (!this.#call.hasBody) return undefined;
    if (this.#whole !== undefined) return Readable.from([this.#whole]);
    const request = this.#request;
    if (facts.chunked && this.#plan.maxBodyBytes < Infinity) {
      let left = this.#plan.maxBodyBytes;
      request.on('data', (chunk: Uint8Array) => {
        left -= chunk.byteLength;
        if (left >= 0) return;
        request.unpipe();
        request.removeAllListeners('data');
        onTooLarge(new BodyTooLargeError('the body is larger than it may be'));
      });
    }
    this.#events.reading();
    return request;
  }
}

/** Whether something is a connection that was handed over. */
export const isUpgraded = (value: unknown): value is Upgraded => value instanceof Upgraded;
