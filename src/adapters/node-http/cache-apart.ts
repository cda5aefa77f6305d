import type { IncomingMessage } from 'node:http';
import type { ForwardContext } from '../../gateway/forward-context.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import type { RoutePlan } from '../../gateway/route-plan.js';
import { TimeoutError } from '../../kernel/errors.js';
import { Forwarding } from './forwarding.js';
import type { GatewayCore } from './gateway-core.js';
import { runOwn } from './own-upstream.js';

/** A request that goes on without whoever asked for it. */
export interface Apart {
  readonly context: ForwardContext;
  run(plan: RoutePlan): Promise<unknown>;
  /** Nothing more is to come. */
  end(): void;
}

const quiet = /* @__PURE__ */ Object.freeze({ reading() {}, information() {}, failed() {} });

/** The same request once more, with the time of its route, and nobody who could leave. */
export function apart(
  core: GatewayCore,
  call: IncomingCall,
  plan: RoutePlan,
  request: IncomingMessage,
): Apart {
  const { clock } = core.front.plan;
  const { timeoutMs } = plan;
  const deadline = clock.now() + timeoutMs;
  const facts = { call, plan, deadline };
  const forwarding = new Forwarding(core.front.plan, core.engine, facts, request, false, quiet);
  const { context } = forwarding;
  const expire = (): void => context.revoke(new TimeoutError(`no answer for ${timeoutMs} ms`, timeoutMs));
  const due = timeoutMs === Infinity ? undefined : core.due.add(expire, deadline);
  return {
    context,
    run(inner) {
      const { end } = inner;
      if (end.kind !== 'upstream') return Promise.reject(new TypeError('a route without an upstream'));
      const { upstream } = end;
      return upstream.kind === 'origin' || upstream.kind === 'service'
        ? forwarding.run(upstream, inner)
        : runOwn(upstream, inner, call, context, request, () => {});
    },
    end() {
      if (due !== undefined) core.due.remove(due);
    },
  };
}
