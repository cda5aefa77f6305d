import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkKeys, given, refuse } from '../../kernel/options.js';
import { pipeline } from '../../kernel/pipeline.js';
import type { Policy } from '../../kernel/policy.js';
import { checkOneReaderPolicy } from '../interceptors/one-reader-policy.js';
import type { GrpcAnswer } from './grpc-attempt.js';
import { type GrpcPlan, InterceptedGrpcCall } from './grpc-call.js';
import type { GrpcCallOptions, GrpcNextCall } from './grpc-client.js';

/** How calls of clients of gRPC run through policies. */
export interface GrpcInterceptorOptions {
  /** What calls with one request and one answer run through that may be made again: see `repeatable`. */
  readonly policy: Policy<GrpcAnswer>;
  /** What all others with one request and one answer run through: nothing in it repeats. @default nothing */
  readonly once?: Policy<GrpcAnswer>;
  /**
   * What calls run through whose requests or answers come as a stream, until they end. It repeats only those
   * with one request that are `repeatable`, and only before anything was answered.
   * @default nothing
   */
  readonly streams?: Policy<GrpcAnswer>;
  /**
   * Whether a method, such as `/stock.Stock/Count`, does twice what it does once. Calls with metadata
   * `idempotency-key` may be made again without being asked about.
   * @default none
   */
  readonly repeatable?: (path: string) => boolean;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/**
 * An interceptor for `@grpc/grpc-js`. It answers calls of that package, whose class cannot be named without
 * it; `never` is what the compiler takes in its place.
 */
export type GrpcInterceptor = (options: unknown, nextCall: unknown) => never;

const owner = 'grpcInterceptor';

function planOf(options: GrpcInterceptorOptions): GrpcPlan & { readonly takesStreams: boolean } {
  checkKeys(owner, options, ['policy', 'once', 'streams', 'repeatable', 'clock']);
  const nothing: Policy = pipeline();
  const { policy, once, streams, repeatable, clock } = {
    ...{ once: nothing, streams: nothing, repeatable: () => false, clock: systemClock },
    ...given(options),
  } as Required<GrpcInterceptorOptions>;
  checkOneReaderPolicy(owner, 'policy', policy);
  checkOneReaderPolicy(owner, 'once', once);
  checkOneReaderPolicy(owner, 'streams', streams);
  if (typeof repeatable !== 'function') refuse(owner, 'repeatable', 'a function', repeatable);
  return {
    clock,
    repeatable,
    policyOf: (streaming, idempotent) => (streaming ? streams : idempotent ? policy : once) as Policy,
    takesStreams: streams !== nothing,
  };
}

/**
 * An interceptor for clients of `@grpc/grpc-js`: their calls run through policies. Deadlines of a call, and
 * of the call of a server that it is a part of, bound what policies do; those that policies set travel to the
 * server. Cancelling ends a wait as well as a call.
 *
 * ```ts
 * import { credentials } from '@grpc/grpc-js';
 * import { CircuitBreaker, pipeline, Retry, Timeout } from 'keelson';
 * import { grpcInterceptor, grpcRetryVerdict, grpcVerdict } from 'keelson/grpc';
 *
 * const breaker = new CircuitBreaker({ classify: grpcVerdict });
 * const timeout = new Timeout({ timeoutMs: 2_000 });
 * const interceptor = grpcInterceptor({
 *   policy: pipeline(new Retry({ classify: grpcRetryVerdict }), breaker, timeout),
 *   once: pipeline(breaker, timeout),
 *   streams: breaker,
 *   repeatable: path => path.startsWith('/stock.Stock/Get'),
 * });
 * const options = { interceptors: [interceptor] };
 * ```
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function grpcInterceptor(options: GrpcInterceptorOptions): GrpcInterceptor {
  const plan = planOf(options);
  const intercept = (call: GrpcCallOptions, nextCall: GrpcNextCall) => {
    const { requestStream, responseStream } = call.method_definition;
    const passesBy = (requestStream || responseStream) && !plan.takesStreams;
    return passesBy ? nextCall(call) : new InterceptedGrpcCall(plan, call, nextCall);
  };
  return intercept as unknown as GrpcInterceptor;
}
