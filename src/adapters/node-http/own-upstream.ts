import type { IncomingMessage } from 'node:http';
import type { ForwardContext } from '../../gateway/forward-context.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import type { RoutePlan } from '../../gateway/route-plan.js';
import { SeenAnswer } from '../../gateway/seen-answer.js';
import type { GatewayReply, UpstreamPlan } from '../../gateway/upstream.js';
import type { Context } from '../../kernel/context.js';
import { isRecord } from '../../kernel/options.js';
import { WholeBody } from './request-body.js';

type OwnUpstream = Extract<UpstreamPlan, { readonly kind: 'function' | 'aggregate' }>;

/** What a function answered, as policies see it. */
class SeenReply extends SeenAnswer {
  readonly reply: GatewayReply;

  constructor(reply: GatewayReply) {
    super();
    this.reply = reply;
  }

  /** A `Response` is one already, and what is no answer is none for policies either. */
  static of(value: unknown): unknown {
    return value instanceof Response || !isRecord(value) ? value : new SeenReply(value);
  }

  get status(): number {
    return this.reply.status ?? 200;
  }

  protected override get pairs(): readonly string[] {
    const { headers = {} } = this.reply;
    return Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().flatMap(value => [name, value]),
    );
  }
}

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
  if (policy === undefined) return run(context);
  const seen = async (inner: Context): Promise<unknown> => SeenReply.of(await run(inner));
  return policy.execute(seen, context).then(value => (value instanceof SeenReply ? value.reply : value));
}
