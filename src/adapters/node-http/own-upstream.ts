import type { IncomingMessage } from 'node:http';
import type { ForwardContext } from '../../gateway/forward-context.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import type { RoutePlan } from '../../gateway/route-plan.js';
import type { UpstreamPlan } from '../../gateway/upstream.js';
import type { Context } from '../../kernel/context.js';
import { WholeBody } from './request-body.js';

type OwnUpstream = Extract<UpstreamPlan, { readonly kind: 'function' | 'aggregate' }>;

/** Answers a request in this process: by a function, or by an aggregate. It is given up with the context. */
export function runOwn(
  upstream: OwnUpstream,
  { policy, maxBodyBytes }: RoutePlan,
  call: IncomingCall,
  context: ForwardContext,
  request: IncomingMessage,
  onRead: () => void,
  whole?: Uint8Array,
): Promise<unknown> {
  const body = new WholeBody(request, maxBodyBytes, onRead, whole);
  const run = async (inner: Context): Promise<unknown> => {
    context.markSent();
    if (upstream.kind === 'function') return upstream.run(call, inner, body);
    const input = upstream.input === undefined ? call : upstream.input(call);
    const { complete, data, missing } = await upstream.aggregate.execute(input as never, inner);
    if (complete) return { json: data };
    const parts = missing.map(({ part }) => part).join(',');
    return { json: data, headers: { 'Cache-Control': 'no-store', 'X-Aggregate-Missing': parts } };
  };
  return policy === undefined ? run(context) : policy.execute(run, context);
}
