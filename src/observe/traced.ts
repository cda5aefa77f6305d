import type {
  ContextAPI,
  Context as OtelContext,
  Span,
  SpanKind,
  TraceAPI,
  Tracer,
} from '@opentelemetry/api';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { errorText } from '../kernel/error-words.js';
import { isRejected } from '../kernel/errors.js';
import { GuardRun } from '../kernel/guard-run.js';
import { checkKeys, checkOneOf, refuse } from '../kernel/options.js';
import { type Classify, judge } from '../kernel/outcome.js';
import type { Operation, Policy } from '../kernel/policy.js';
import { errorType } from './otel-metrics.js';

/** The parts of the module `@opentelemetry/api` that are used. */
export interface OtelApi {
  /** Which span is active. */
  readonly context: Pick<ContextAPI, 'active' | 'with'>;
  /** What makes spans, and makes them active. */
  readonly trace: Pick<TraceAPI, 'setSpan' | 'getTracer'>;
}

/** How calls are traced. */
export interface TracedOptions {
  /** The module `@opentelemetry/api`. */
  readonly api: OtelApi;
  /** The name of the spans: what is called, never for whom. @default 'call' */
  readonly name?: string;
  /** What makes the spans. @default `api.trace.getTracer('keelson')` */
  readonly tracer?: Tracer;
  /** `client` where the operation is the remote call itself. @default 'internal' */
  readonly kind?: 'internal' | 'client' | 'server' | 'producer' | 'consumer';
  /** Facts for every span. @default none */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Judges how a call ended. @default errors are failures, but rejections and what its caller gave up */
  readonly classify?: Classify;
  /** The source of time for deadlines. @default systemClock */
  readonly clock?: Clock;
}

const owner = 'Traced';
const known = ['api', 'name', 'tracer', 'kind', 'attributes', 'classify', 'clock'];
const kinds = /* @__PURE__ */ Object.freeze([
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
] as const);
const defaults: { readonly name: 'call'; readonly kind: 'internal' } = /* @__PURE__ */ Object.freeze({
  name: 'call',
  kind: 'internal',
});
/** `SpanStatusCode.ERROR`: a constant of the API, which is known by its types alone here. */
const ERROR = 2;
const LONGEST_STACK = 4_000;

/**
 * Makes a span for what runs inside it, as a child of the span that is active where the call is made; spans
 * that the operation makes are children of this one, also after a wait in a queue. Outside of a retry that is
 * one span for the call, inside of it one for each attempt.
 *
 * ```ts
 * import * as api from '@opentelemetry/api';
 * import { pipeline, Retry } from 'keelson';
 * import { Traced } from 'keelson/observe';
 *
 * const call = new Traced({ api, name: 'charge' });
 * const attempt = new Traced({ api, name: 'charge attempt', kind: 'client' });
 * const policy = pipeline(call, new Retry({ attempts: 3 }), attempt);
 * await policy.execute(() => 'charged'); // => 'charged'
 * ```
 */
export class Traced implements Policy {
  /** The name of its spans. */
  readonly name: string;
  readonly #api: OtelApi;
  readonly #tracer: Tracer;
  readonly #kind: SpanKind;
  readonly #said: TracedOptions;
  /** The source of time. */
  readonly clock: Clock;
  readonly #run: GuardRun;

  /** @throws TypeError that names the option, the rule and the value. */
  constructor(options: TracedOptions) {
    checkKeys(owner, options, known);
    const { api, classify, attributes } = options;
    if (typeof api?.context?.with !== 'function' || typeof api.trace?.setSpan !== 'function') {
      refuse(owner, 'api', 'the module @opentelemetry/api', api);
    }
    if (classify !== undefined && typeof classify !== 'function') {
      refuse(owner, 'classify', 'a function', classify);
    }
    if (attributes !== undefined && (typeof attributes !== 'object' || attributes === null)) {
      refuse(owner, 'attributes', 'an object', attributes);
    }
    this.name = options.name ?? defaults.name;
    this.#api = api;
    this.#tracer = options.tracer ?? api.trace.getTracer('keelson');
    this.#kind = kinds.indexOf(checkOneOf(owner, 'kind', options.kind ?? defaults.kind, kinds));
    this.#said = options;
    this.clock = options.clock ?? systemClock;
    this.#run = new GuardRun([], this.clock);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return this.#run.execute(operation, options);
    const { context, trace } = this.#api;
    const parent: OtelContext = context.active();
    const { attributes } = this.#said;
    const span = this.#tracer.startSpan(
      this.name,
      { kind: this.#kind, attributes: { ...attributes } },
      parent,
    );
    let seen: Context | undefined;
    const inside: Operation<T> = call => {
      seen = call;
      span.setAttribute('keelson.attempt', call.attempt);
      return operation(call);
    };
    const answer = context.with(trace.setSpan(parent, span), () => this.#run.execute(inside, options));
    return answer.then(
      value => {
        this.#end(span, true, value, seen);
        return value;
      },
      (error: unknown) => {
        this.#end(span, false, error, seen);
        throw error;
      },
    );
  }

  /** How it was made. */
  describe(): { readonly kind: 'traced'; readonly name: string } {
    return { kind: 'traced', name: this.name };
  }

  /** `seen` is what the operation was told; it was not run where there is none. */
  #end(span: Span, ok: boolean, result: unknown, seen: Context | undefined): void {
    try {
      const outcome = seen === undefined ? 'neutral' : this.#verdict(ok, result, seen);
      const rejected = !ok && isRejected(result);
      span.setAttribute('keelson.outcome', rejected ? 'rejected' : outcome);
      if (!ok) span.setAttribute('error.type', errorType(result));
      if (outcome === 'failure' || rejected) {
        const { name, message, code } = errorText(result);
        span.setStatus({ code: ERROR, ...(!ok && { message }) });
        if (!ok) span.recordException({ name, message, ...(code && { code }), ...stackOf(result) });
      }
    } catch (error) {
      console.error('keelson: a span could not be told how its call ended', error);
    } finally {
      span.end();
    }
  }

  #verdict(ok: boolean, result: unknown, seen: Context): ReturnType<typeof judge> {
    return judge(owner, ok, result, seen as CallContext, this.#said.classify);
  }
}

function stackOf(error: unknown): { readonly stack?: string } {
  const stack = error instanceof Error ? error.stack : undefined;
  return typeof stack === 'string' ? { stack: stack.slice(0, LONGEST_STACK) } : {};
}
