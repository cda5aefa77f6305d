import type { IpRange } from '../core/ip-range.js';
import { isFieldName, isFieldValue } from '../core/request-fields.js';
import type { RouteConditions, RouteValue } from '../core/route-conditions.js';
import { oddityBits, oddityNames, type PathOddity, pathOddities } from '../core/route-path.js';
import { type RoutePattern, readPattern } from '../core/route-pattern.js';
import type { TableRoute } from '../core/route-table.js';
import { readHost } from '../core/route-target.js';
import { checkFlag, checkKeys, checkNumber, isRecord, refuse } from '../kernel/options.js';
import type { Policy } from '../kernel/policy.js';
import { nearest } from '../resilience/config-error.js';
import type { RateLimitStore } from '../resilience/rate-limit-store.js';
import { framing } from './answer-changes.js';
import type { AuthPlan } from './authenticator.js';
import { type CorsPlan, planCors } from './cors.js';
import { authenticatorsOf, type GatewayPlan } from './gateway-options.js';
import type { GatewayRoute, IpRules, Redirect } from './gateway-route.js';
import { replyProblem } from './reply-problem.js';
import { planRewrite, type Rewrite } from './rewrite.js';
import { extraOptions, planExtras, type RouteExtras } from './route-extras.js';
import { type LimitPlan, planLimit } from './route-limits.js';
import { planPolicy } from './route-policy.js';
import { isSplit, planSplit, type SplitPlan } from './split.js';
import { textOf } from './text-of.js';
import { readRanges } from './trusted-peers.js';
import { type GatewayReply, planUpstream, type UpstreamPlan } from './upstream.js';

/** Where a route leads. */
export type RouteEnd =
  | { readonly kind: 'upstream'; readonly upstream: UpstreamPlan }
  | { readonly kind: 'split'; readonly split: SplitPlan }
  | { readonly kind: 'reply'; readonly reply: GatewayReply }
  | { readonly kind: 'redirect'; readonly status: number; readonly to: Rewrite | string };

/** A route, checked. */
export interface RoutePlan extends TableRoute, RouteExtras {
  readonly end: RouteEnd;
  readonly allow: number;
  readonly rewrite: Rewrite | undefined;
  readonly preserveHost: boolean;
  readonly upgrade: boolean;
  readonly policy: Policy<unknown, unknown> | undefined;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly auth: AuthPlan | undefined;
  readonly limits: readonly LimitPlan[];
  readonly cors: CorsPlan | undefined;
  readonly ipAllow: readonly IpRange[] | undefined;
  readonly ipDeny: readonly IpRange[];
  readonly requestHeaders: readonly (readonly [name: string, value: string | null])[];
  readonly answerHeaders: readonly (readonly [name: string, value: string | null])[];
}

const known = [
  ...[
    'path',
    'name',
    'host',
    'methods',
    'headers',
    'query',
    'allow',
    'upstream',
    'reply',
    'redirect',
    'rewrite',
  ],
  ...['preserveHost', 'upgrade', 'policy', 'timeoutMs', 'idleTimeoutMs', 'maxBodyBytes', 'auth', 'scopes'],
  ...['authorize', 'forwardCredentials', 'limits', 'cors', 'ip', 'requestHeaders', 'answerHeaders'],
  ...extraOptions,
];
function checkHost(owner: string, host: unknown): string | undefined {
  if (host === undefined) return undefined;
  const rule = 'a host in lower case without a port, or *.example.com';
  if (typeof host !== 'string') return refuse(owner, 'host', rule, host);
  const name = host.startsWith('*.') ? host.slice(2) : host;
  const found = readHost(name);
  if (found === undefined || found.name !== name || found.port !== undefined)
    refuse(owner, 'host', rule, host);
  return host;
}

function checkMethods(owner: string, methods: unknown): readonly string[] {
  if (methods === undefined) return [];
  const fits = (method: unknown) => typeof method === 'string' && /^[A-Z][A-Z-]*$/.test(method);
  const isList = Array.isArray(methods) && methods.length > 0 && methods.every(fits);
  if (!isList || ['CONNECT', 'TRACE'].some(method => methods.includes(method))) {
    refuse(owner, 'methods', 'a list of methods in upper case, without CONNECT and TRACE', methods);
  }
  return methods as string[];
}

function conditionsOf(
  owner: string,
  option: string,
  record: unknown,
  lower: boolean,
): [string, RouteValue][] {
  if (record === undefined) return [];
  if (!isRecord(record)) refuse(owner, option, 'an object of values by name', record);
  return Object.entries(record).map(([name, value]) => {
    if (value !== true && typeof value !== 'string')
      refuse(owner, `${option}.${name}`, 'a string, or true', value);
    return [lower ? name.toLowerCase() : name, value];
  });
}

function checkFields(
  owner: string,
  option: string,
  record: Readonly<Record<string, string | null>> = {},
): [string, string | null][] {
  if (!isRecord(record)) refuse(owner, option, 'an object of values by name', record);
  return Object.entries(record).map(([name, value]) => {
    if (!isFieldName(name) || framing.includes(name.toLowerCase())) {
      refuse(owner, option, 'of fields that frame nothing', name);
    }
    if (value !== null && (typeof value !== 'string' || !isFieldValue(value))) {
      refuse(owner, `${option}.${name}`, 'the value of a field, or null', value);
    }
    return [name, value];
  });
}

function planEnd(owner: string, route: GatewayRoute, pattern: RoutePattern, gateway: GatewayPlan): RouteEnd {
  const { upstream, reply, redirect } = route;
  if ([upstream, reply, redirect].filter(end => end !== undefined).length !== 1) {
    refuse(owner, 'upstream', 'given, or `reply`, or `redirect`, and only one of them', upstream);
  }
  if (isSplit(upstream)) return { kind: 'split', split: planSplit(owner, upstream, gateway.services) };
  if (upstream !== undefined) {
    return { kind: 'upstream', upstream: planUpstream(owner, upstream, gateway.services) };
  }
  if (reply !== undefined) {
    checkReply(owner, reply);
    return { kind: 'reply', reply };
  }
  return planRedirect(owner, redirect!, pattern);
}

function checkReply(owner: string, reply: GatewayReply): void {
  if (!isRecord(reply)) refuse(owner, 'reply', 'an object such as { status, body }', reply);
  checkKeys(`${owner}: \`reply\``, reply, ['status', 'headers', 'body', 'json']);
  const { body } = reply;
  const wrong = replyProblem({ ...reply, ...(body instanceof Uint8Array && { body: '' }) });
  if (wrong !== undefined) throw new TypeError(`${owner}: \`reply.${wrong.field}\` ${wrong.says}`);
}

function planRedirect(owner: string, redirect: Redirect, pattern: RoutePattern): RouteEnd {
  if (!isRecord(redirect)) refuse(owner, 'redirect', 'an object such as { to }', redirect);
  checkKeys(`${owner}: \`redirect\``, redirect, ['to', 'status']);
  const { to, status = 308 } = redirect;
  if (![301, 302, 303, 307, 308].includes(status))
    refuse(owner, 'redirect.status', '301, 302, 303, 307 or 308', status);
  if (typeof to !== 'string') refuse(owner, 'redirect.to', 'a URL, or a path', to);
  if (/^https?:\/\/[!-~]+$/.test(to)) return { kind: 'redirect', status, to };
  const rewrite = planRewrite(`${owner}: redirect`, to, pattern);
  // What begins with two slashes names a host.
  const here = (path: string): string => (path.startsWith('//') ? `/.${path}` : path);
  return { kind: 'redirect', status, to: path => here(rewrite(path)) };
}

function planIp(owner: string, ip: IpRules = {}): Pick<RoutePlan, 'ipAllow' | 'ipDeny'> {
  checkKeys(`${owner}: \`ip\``, ip, ['allow', 'deny']);
  const { allow, deny = [] } = ip;
  return {
    ipAllow: allow === undefined ? undefined : readRanges(owner, 'ip.allow', allow),
    ipDeny: readRanges(owner, 'ip.deny', deny),
  };
}

function planAuth(owner: string, route: GatewayRoute, gateway: GatewayPlan): AuthPlan | undefined {
  const { auth, scopes = [], authorize, forwardCredentials = false } = route;
  const authenticators =
    auth === undefined ? gateway.auth : auth === false ? [] : authenticatorsOf(owner, auth);
  if (auth !== undefined && auth !== false && authenticators.length === 0) {
    refuse(owner, 'auth', 'false, or at least one Authenticator', auth);
  }
  const fits =
    Array.isArray(scopes) && scopes.every(scope => typeof scope === 'string' && /^[!#-[\]-~]+$/.test(scope));
  if (!fits) refuse(owner, 'scopes', 'a list of scopes', scopes);
  if (authorize !== undefined && typeof authorize !== 'function')
    refuse(owner, 'authorize', 'a function', authorize);
  checkFlag(owner, 'forwardCredentials', forwardCredentials);
  if (authenticators.length > 0) return { authenticators, scopes, authorize, forwardCredentials };
  if (scopes.length > 0 || authorize !== undefined) {
    refuse(owner, 'auth', 'given where `scopes` or `authorize` are', auth);
  }
  return undefined;
}

const conditionWords = (sign: string, conditions: RouteConditions['headers']): string[] =>
  conditions.map(([name, value]) => (value === true ? ` ${sign}${name}` : ` ${sign}${name}=${value}`));

/** The route in words: all that it asks for, so that no two are called alike. */
function wordsOf(
  { host = '', methods = [], path }: GatewayRoute,
  { headers, query }: RouteConditions,
): string {
  const asked = [...conditionWords('', headers), ...conditionWords('?', query)];
  return `${methods.length === 0 ? '' : `${methods.join(',')} `}${host}${path}${asked.join('')}`;
}

const ownerOf = ({ name, path }: GatewayRoute): string =>
  `route ${textOf(typeof name === 'string' ? name : path)}`;

/** With more than thirty names a list of them helps nobody who has mistyped one. @throws TypeError */
export function checkSpelling(route: GatewayRoute): void {
  for (const name of isRecord(route) ? Object.keys(route) : []) {
    const meant = known.includes(name) ? undefined : nearest(name, known);
    if (meant === undefined) continue;
    throw new TypeError(`${ownerOf(route)}: unknown option \`${name}\`; did you mean \`${meant}\`?`);
  }
}

/** @throws TypeError or RangeError that names the route, the option, the rule and the value. */
export function planRoute(route: GatewayRoute, gateway: GatewayPlan, memory: RateLimitStore): RoutePlan {
  if (!isRecord(route)) refuse('ApiGateway', 'routes', 'a list of objects', route);
  const owner = ownerOf(route);
  checkKeys(owner, route, known);
  const pattern = readPattern(route.path);
  if (typeof pattern === 'string') refuse(owner, 'path', pattern, route.path);
  const { allow = [], timeoutMs = 30_000, idleTimeoutMs = 60_000, limits = [], cors = gateway.cors } = route;
  if (!Array.isArray(allow) || allow.some(oddity => !pathOddities.includes(oddity as PathOddity))) {
    refuse(owner, 'allow', `of ${oddityNames(255).join(', ')}`, textOf(allow));
  }
  if (!Array.isArray(limits)) refuse(owner, 'limits', 'a list', limits);
  const end = planEnd(owner, route, pattern, gateway);
  const conditions: RouteConditions = {
    headers: conditionsOf(owner, 'headers', route.headers, true),
    query: conditionsOf(owner, 'query', route.query, false),
  };
  const maxBodyBytes = route.maxBodyBytes ?? gateway.maxBodyBytes;
  const auth = planAuth(owner, route, gateway);
  return {
    name: route.name ?? wordsOf(route, conditions),
    host: checkHost(owner, route.host),
    methods: checkMethods(owner, route.methods),
    pattern,
    conditions,
    end,
    allow: oddityBits(allow),
    rewrite: route.rewrite === undefined ? undefined : planRewrite(owner, route.rewrite, pattern),
    preserveHost: checkFlag(owner, 'preserveHost', route.preserveHost ?? false),
    upgrade: checkFlag(owner, 'upgrade', route.upgrade ?? false),
    policy: planPolicy(owner, route.policy),
    timeoutMs: checkNumber(owner, 'timeoutMs', timeoutMs, { above: 0, infinity: true }),
    idleTimeoutMs: checkNumber(owner, 'idleTimeoutMs', idleTimeoutMs, { above: 0, max: 2 ** 31 - 1 }),
    maxBodyBytes: checkNumber(owner, 'maxBodyBytes', maxBodyBytes, { min: 0, infinity: true }),
    auth,
    limits: limits.map(limit => planLimit(owner, limit, memory)),
    cors: cors === undefined || cors === false ? undefined : planCors(owner, cors),
    ...planIp(owner, route.ip),
    ...planExtras(owner, route, gateway),
    requestHeaders: checkFields(owner, 'requestHeaders', route.requestHeaders),
    answerHeaders: checkFields(owner, 'answerHeaders', route.answerHeaders),
  };
}
