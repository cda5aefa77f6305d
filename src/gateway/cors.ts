import { checkFlag, checkKeys, checkNumber, refuse } from '../kernel/options.js';
import type { IncomingCall } from './gateway-request.js';
import type { GatewayAnswer } from './problem.js';
import { textOf } from './text-of.js';

/** Which pages of other origins may ask. */
export interface CorsOptions {
  /** Origins, such as `https://app.example`; exact, or `'*'` for all. */
  readonly origins: readonly string[] | '*';
  /** Methods that a page may use. @default those of the route */
  readonly methods?: readonly string[];
  /** Fields that a page may send, besides the safe ones. @default [] */
  readonly headers?: readonly string[];
  /** Fields of an answer that a page may read, besides the safe ones. @default [] */
  readonly exposed?: readonly string[];
  /** Whether cookies and the like come along; not with `'*'`. @default false */
  readonly credentials?: boolean;
  /** How long a browser keeps what it was told before a request, in seconds. @default 600 */
  readonly maxAgeS?: number;
}

/** The checked rules. */
export type CorsPlan = Required<Omit<CorsOptions, 'methods'>> & {
  readonly methods: readonly string[] | undefined;
};

const ORIGIN = /^https?:\/\/[^/?#\s,]+$/;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function planCors(owner: string, options: CorsOptions): CorsPlan {
  const known = ['origins', 'methods', 'headers', 'exposed', 'credentials', 'maxAgeS'];
  checkKeys(`${owner}: \`cors\``, options, known);
  const { origins, methods, headers = [], exposed = [], credentials = false, maxAgeS = 600 } = options;
  const isList =
    Array.isArray(origins) && origins.every(origin => typeof origin === 'string' && ORIGIN.test(origin));
  if (origins !== '*' && !isList)
    refuse(owner, 'cors.origins', "'*', or a list of origins without a path", textOf(origins));
  for (const [option, list] of Object.entries({ methods, headers, exposed })) {
    const fits =
      list === undefined ||
      (Array.isArray(list) && list.every(one => typeof one === 'string' && /^[\w-]+$/.test(one)));
    if (!fits) refuse(owner, `cors.${option}`, 'a list of names', textOf(list));
  }
  checkFlag(owner, 'cors.credentials', credentials);
  if (credentials && origins === '*')
    refuse(owner, 'cors.origins', 'a list where `credentials` is true', origins);
  checkNumber(owner, 'cors.maxAgeS', maxAgeS, { min: 0, max: 86_400, integer: true });
  return { origins, methods, headers, exposed, credentials, maxAgeS };
}

/** Whether this asks what another request may do. */
export function isPreflight(call: IncomingCall): boolean {
  return (
    call.method === 'OPTIONS' &&
    call.header('origin') !== undefined &&
    call.header('access-control-request-method') !== undefined
  );
}

/** Adds what every answer says to a page. That it differs is told also where there is no page, for caches. */
export function addCors(plan: CorsPlan, call: IncomingCall): void {
  const origin = call.header('origin');
  const { origins, credentials, exposed } = plan;
  if (origins !== '*') call.extra.push('Vary', 'Origin');
  if (origin === undefined || (origins !== '*' && !origins.includes(origin))) return;
  call.extra.push('Access-Control-Allow-Origin', origins === '*' ? '*' : origin);
  if (credentials) call.extra.push('Access-Control-Allow-Credentials', 'true');
  if (exposed.length > 0) call.extra.push('Access-Control-Expose-Headers', exposed.join(', '));
}

/** The answer to who asks first; the fields of {@link addCors} come with it. */
export function preflight(plan: CorsPlan, methods: readonly string[]): GatewayAnswer {
  const allowed = plan.methods ?? methods;
  const fields = ['Access-Control-Allow-Methods', allowed.join(', ')];
  if (plan.headers.length > 0) fields.push('Access-Control-Allow-Headers', plan.headers.join(', '));
  fields.push('Access-Control-Max-Age', String(plan.maxAgeS));
  return { status: 204, fields };
}
