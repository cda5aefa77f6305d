import { expectTypeOf, it } from 'vitest';
import type { GatewayRoute, UpstreamSide } from '../../src/gateway.js';
import { pipeline } from '../../src/kernel/pipeline.js';
import type { Policy } from '../../src/kernel/policy.js';
import { Bulkhead } from '../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import { Fallback } from '../../src/resilience/fallback.js';
import { Retry } from '../../src/resilience/retry.js';
import { Timeout } from '../../src/resilience/timeout.js';

type RoutePolicy = NonNullable<GatewayRoute['policy']>;

const responses = new Retry<Response>({
  classify: outcome => (outcome.ok && outcome.value.status === 429 ? 'failure' : undefined),
});

it('a route takes policies for any value, and for a response', () => {
  expectTypeOf<Policy>().toExtend<RoutePolicy>();
  expectTypeOf<Policy<Response>>().toExtend<RoutePolicy>();
  expectTypeOf<Policy<{ readonly status: number }>>().toExtend<RoutePolicy>();
  expectTypeOf(responses).toExtend<RoutePolicy>();
  expectTypeOf(new CircuitBreaker()).toExtend<RoutePolicy>();
  const stack = pipeline(responses, new Bulkhead({ slots: 1 }), new Timeout({ timeoutMs: 1 }));
  expectTypeOf(stack).toExtend<RoutePolicy>();
  expectTypeOf<UpstreamSide['policy']>().toEqualTypeOf<GatewayRoute['policy']>();
});

it('a route takes policies that answer in the stead of an upstream', () => {
  expectTypeOf(new Fallback({ run: () => new Response('later') })).toExtend<RoutePolicy>();
  expectTypeOf(new Fallback({ run: async () => ({ json: [] }) })).toExtend<RoutePolicy>();
  expectTypeOf(new Fallback({ value: { status: 503, body: 'later' } })).toExtend<RoutePolicy>();
  const missing = new Fallback<Response, Response>({
    classify: outcome => (outcome.ok && outcome.value.status === 404 ? 'failure' : undefined),
    run: () => new Response('none'),
  });
  expectTypeOf(missing).toExtend<RoutePolicy>();
  expectTypeOf(pipeline(missing, responses)).toExtend<RoutePolicy>();
});

it('a route takes no policy for other values, and none that answers what is no answer', () => {
  expectTypeOf<Policy<string>>().not.toExtend<RoutePolicy>();
  expectTypeOf(new Fallback({ value: 'text' })).not.toExtend<RoutePolicy>();
  expectTypeOf(new Fallback({ value: null })).not.toExtend<RoutePolicy>();
  // @ts-expect-error: a text is no answer
  void ({ path: '/', upstream: 'http://a', policy: new Fallback({ value: 'text' }) } satisfies GatewayRoute);
});
