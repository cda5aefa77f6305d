/** Of what `completed` of a gateway tells, that which the metrics know. */
export interface CompletedRequest {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly outcome: string;
  readonly tookMs: number;
}

/** Those that the conventions know; any other is `_OTHER`, for clients may send what they like. */
const methods: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE', 'QUERY'],
]);

export const methodOf = ({ method }: CompletedRequest): string => (methods.has(method) ? method : '_OTHER');

const brokeOff = ({ outcome }: CompletedRequest): boolean => outcome === 'cut' || outcome === 'gone';

/** Why a request failed, as the conventions have it; empty for one that did not. */
export function errorTypeOf(request: CompletedRequest): string {
  if (brokeOff(request)) return request.outcome;
  return request.status >= 500 ? String(request.status) : '';
}

/** How requests end; `none` is where nothing could be sent. */
export const usualClasses: readonly string[] = ['2xx', '3xx', '4xx', '5xx', 'cut', 'gone'];

/** An answer that broke off is told by that, and not by the status that it began with. */
export function classOf(request: CompletedRequest): string {
  if (brokeOff(request)) return request.outcome;
  const { status } = request;
  return status >= 100 ? `${Math.floor(status / 100)}xx` : 'none';
}
