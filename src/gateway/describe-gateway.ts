import type { GatewayFront } from './gateway-front.js';
import { upstreamWords } from './upstream.js';

/** The routes of a gateway in the order of precedence, in words, as JSON. */
export function describeGateway(front: GatewayFront, engine: string): Readonly<Record<string, unknown>> {
  const { name, rules } = front.plan;
  const routes = front.routes.map(({ name: route, host = null, methods, pattern, conditions, end }) => ({
    ...{ route, host, methods, path: pattern.text, headers: Object.fromEntries(conditions.headers) },
    query: Object.fromEntries(conditions.query),
    end: end.kind === 'upstream' ? end.upstream.kind : end.kind,
    to: end.kind === 'upstream' ? upstreamWords(end.upstream) : null,
  }));
  return { kind: 'gateway', name, via: rules.via, engine, routes };
}
