import { normalPath } from '../core/route-path.js';
import { readHost } from '../core/route-target.js';
import type { Context } from '../kernel/context.js';
import { checkKeys, isRecord, refuse } from '../kernel/options.js';
import type { GatewayRequest } from './gateway-request.js';

/** The body of a request, for a function that answers it. Only one of them can be asked, once. */
export interface RequestBody {
  /** All of it; at most `maxBodyBytes` of the route. */
  bytes(): Promise<Uint8Array>;
  /** As UTF-8. */
  text(): Promise<string>;
  /** As JSON. @throws SyntaxError */
  json(): Promise<unknown>;
}

/** What a function answers, if not with a `Response`. */
export interface GatewayReply {
  /** From 200 to 599. @default 200 */
  readonly status?: number;
  /** Fields; a list is a field for each. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A text is sent as UTF-8. @default none */
  readonly body?: string | Uint8Array | null;
  /** In place of `body`: it is written as JSON. */
  readonly json?: unknown;
}

/** A function in place of an upstream. What it throws is answered with 500. */
export type UpstreamFunction = (
  request: GatewayRequest,
  context: Context,
  body: RequestBody,
) => GatewayReply | Response | PromiseLike<GatewayReply | Response>;

/** The part of a `ServiceProxy` that is used. */
export interface UpstreamProxy {
  /** The name of the service. */
  readonly service: string;
  /** What finds out instances that fail; told of answers that break off. */
  readonly outliers?: { record(id: string, verdict: 'failure'): void } | undefined;
  /** Runs the operation with an instance, which has an `address` or a `url`. */
  call<T>(
    operation: (context: Context, endpoint: { readonly id: string }) => PromiseLike<T> | T,
    options?: Context,
  ): Promise<T>;
}

/** The part of an `Aggregate` that is used. */
export interface AnswerOfParts {
  /** Gathers the parts. */
  execute(
    input: never,
    options?: Context,
  ): PromiseLike<{
    readonly complete: boolean;
    readonly data: unknown;
    readonly missing: readonly { readonly part: string }[];
  }>;
}

/** An answer of several parts, as JSON; one in which parts are missing is never cached. See `aggregate`. */
export interface UpstreamAggregate {
  /** What gathers the parts. */
  readonly aggregate: AnswerOfParts;
  /** What the parts are asked with. @default the request */
  readonly input?: (request: GatewayRequest) => unknown;
}

/** The instances of a service. */
export interface UpstreamService {
  /** What chooses among them, or its name among the `services` of the gateway. */
  readonly service: UpstreamProxy | string;
  /** Goes before each path. @default '' */
  readonly basePath?: string;
}

/** An origin such as `http://10.0.0.5:8080/base`, a service, a function, an aggregate. */
export type WholeUpstream = string | UpstreamProxy | UpstreamService | UpstreamFunction | UpstreamAggregate;

/** An origin, taken apart. */
export interface UpstreamOrigin {
  /** Whether TLS is spoken. */
  readonly scheme: 'http' | 'https';
  /** Without brackets. */
  readonly host: string;
  /** Always said, also where it is that of the scheme. */
  readonly port: number;
  /** As it stands in `Host`. */
  readonly authority: string;
}

/** The checked form. */
export type UpstreamPlan =
  | { readonly kind: 'origin'; readonly origin: UpstreamOrigin; readonly basePath: string }
  | { readonly kind: 'service'; readonly proxy: UpstreamProxy; readonly basePath: string }
  | { readonly kind: 'function'; readonly run: UpstreamFunction }
  | {
      readonly kind: 'aggregate';
      readonly aggregate: AnswerOfParts;
      readonly input: ((request: GatewayRequest) => unknown) | undefined;
    };

const ORIGIN = /^(https?):\/\/([^/?#@\\]+)(\/[^?#]*)?$/i;

/** An origin with a path; `undefined` for anything else, such as one with credentials or a query. */
export function readOrigin(text: string): { origin: UpstreamOrigin; basePath: string } | undefined {
  const parts = ORIGIN.exec(text);
  const host = parts === null ? undefined : readHost(parts[2]!);
  if (parts === null || host === undefined) return undefined;
  const scheme = parts[1]!.toLowerCase() as 'http' | 'https';
  const standard = scheme === 'http' ? 80 : 443;
  const port = host.port ?? standard;
  const authority = port === standard ? host.name : `${host.name}:${port}`;
  const bare = host.name.startsWith('[') ? host.name.slice(1, -1) : host.name;
  const basePath = readBase(parts[3] ?? '');
  if (basePath === undefined) return undefined;
  return { origin: { scheme, host: bare, port, authority }, basePath };
}

/** A base without its last slash; `undefined` where it is no plain path. */
function readBase(path: string): string | undefined {
  const base = path.replace(/\/+$/, '');
  if (base === '') return '';
  const normal = normalPath(base);
  return normal?.oddities === 0 ? normal.path : undefined;
}

const isProxy = (value: unknown): value is UpstreamProxy =>
  isRecord(value) && typeof value['service'] === 'string' && typeof value['call'] === 'function';

const NO_LIST =
  'one upstream and no list: for instances of one service a ServiceProxy, for a part of the clients each ' +
  '{ split }, for one answer of several { aggregate }';

/** @throws TypeError that names the option, the rule and the value. */
export function planUpstream(
  owner: string,
  upstream: WholeUpstream,
  services: Readonly<Record<string, UpstreamProxy>>,
): UpstreamPlan {
  if (typeof upstream === 'function') return { kind: 'function', run: upstream };
  if (typeof upstream === 'string') {
    const found = readOrigin(upstream);
    if (found === undefined)
      refuse(owner, 'upstream', 'an origin such as http://10.0.0.5:8080/base', upstream);
    return { kind: 'origin', ...found };
  }
  if (isProxy(upstream)) return { kind: 'service', proxy: upstream, basePath: '' };
  if (Array.isArray(upstream)) throw new TypeError(`${owner}: \`upstream\` must be ${NO_LIST}`);
  if (isRecord(upstream) && 'aggregate' in upstream) {
    checkKeys(`${owner}: \`upstream\``, upstream, ['aggregate', 'input']);
    const { aggregate, input } = upstream as unknown as UpstreamAggregate;
    if (typeof aggregate?.execute !== 'function')
      refuse(owner, 'upstream.aggregate', 'an Aggregate', aggregate);
    if (input !== undefined && typeof input !== 'function')
      refuse(owner, 'upstream.input', 'a function', input);
    return { kind: 'aggregate', aggregate, input };
  }
  if (!isRecord(upstream))
    refuse(owner, 'upstream', 'an origin, a service, a function or an aggregate', upstream);
  const { service, basePath: path = '' } = upstream as unknown as UpstreamService;
  const known = typeof service === 'string' && Object.hasOwn(services, service) ? services[service] : service;
  if (!isProxy(known))
    refuse(owner, 'upstream.service', 'a ServiceProxy, or the name of one of `services`', service);
  checkKeys(`${owner}: \`upstream\``, upstream, ['service', 'basePath']);
  const basePath =
    typeof path === 'string' && (path === '' || path.startsWith('/')) ? readBase(path) : undefined;
  if (basePath === undefined) refuse(owner, 'upstream.basePath', 'a plain path that begins with /', path);
  return { kind: 'service', proxy: known, basePath };
}

/** Where an upstream is, in words; null for one that answers in this process. */
export function upstreamWords(plan: UpstreamPlan): string | null {
  if (plan.kind === 'origin') return `${plan.origin.scheme}://${plan.origin.authority}${plan.basePath}`;
  return plan.kind === 'service' ? plan.proxy.service + plan.basePath : null;
}
