import type { GatewayOptions } from './gateway-options.js';
import type { GatewayRoute } from './gateway-route.js';
import type { RouteMirror } from './mirror.js';
import type { RouteLimit } from './route-limits.js';
import type { UpstreamSide } from './split.js';

/** One instance of a service, as data. */
export interface InstanceConfig {
  /** Where it answers: `http://10.0.0.5:8080`. */
  readonly url: string;
  /** Its name, which no other instance of the service has. @default its url */
  readonly id?: string;
  /** How much it takes of what others take; 0 takes nothing. @default 1 */
  readonly weight?: number;
  /** Where it is. */
  readonly zone?: string;
}

/** How instances that fail are found out, as data: the options of `OutlierDetector`. */
export interface OutliersConfig {
  /** So many failures in a row, and it is out. */
  readonly consecutiveFailures?: number;
  /** So far below the others, in standard deviations, and it is out. */
  readonly deviations?: number;
  /** With so large a part of failures it is out, 0..1. */
  readonly failureRatio?: number;
  /** With fewer instances they are not compared. */
  readonly minHosts?: number;
  /** With fewer requests an instance is not compared. */
  readonly minRequests?: number;
  /** How often they are compared, in ms. */
  readonly intervalMs?: number;
  /** How long one is out the first time, in ms. */
  readonly baseEjectionMs?: number;
  /** How long one is out at most, in ms. */
  readonly maxEjectionMs?: number;
  /** The largest part of them that is out, 0..1. */
  readonly maxEjectedRatio?: number;
}

/** A service, as data: a `ServiceProxy` is made of it. */
export interface ServiceConfig {
  /** Its instances; a text is a url. */
  readonly instances: readonly (string | InstanceConfig)[];
  /** How an instance is chosen; by key means by the subject of who asks. @default 'least-busy' */
  readonly by?:
    | 'least-busy'
    | 'peak-ewma'
    | 'round-robin'
    | 'weighted-turns'
    | 'weighted-chance'
    | 'hash-ring'
    | 'maglev'
    | 'rendezvous';
  /** The zone of this gateway: instances there are preferred, for as long as they can take it. */
  readonly zone?: string;
  /** How long an instance that is new, or back, is given less, in ms. @default 0 */
  readonly slowStartMs?: number;
  /** How instances that fail are found out; `false` for not at all. @default that of an OutlierDetector */
  readonly outliers?: OutliersConfig | false;
}

/** Who shows a key. */
export interface IdentityConfig {
  /** Who it is. Not empty. */
  readonly subject: string;
  /** What it may do. @default [] */
  readonly scopes?: readonly string[];
  /** What else is known of it. @default {} */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A key, as data. One of `hash` and `key` has to be there. */
export interface ApiKeyConfig extends IdentityConfig {
  /** The SHA-256 of the key in lower-case hex. */
  readonly hash?: string;
  /** The key, as a reference such as `${SHOP_KEY}` and never in itself; at least 16 characters. */
  readonly key?: string;
}

/** `apiKeys`, as data. */
export interface ApiKeysConfig {
  /** What it is. */
  readonly kind: 'api-keys';
  /** The keys. */
  readonly keys: readonly ApiKeyConfig[];
  /** The field that shows a key. @default 'x-api-key' */
  readonly field?: string;
}

/** `jwt`, as data. One of `jwksUrl`, `jwks` and `secret` has to be there. */
export interface JwtConfig {
  /** What it is. */
  readonly kind: 'jwt';
  /** Who has to have issued a token: exactly this. */
  readonly issuer: string;
  /** For whom it has to be: one of these. */
  readonly audience: string | readonly string[];
  /** How it may be signed, such as `RS256`. Not `none`. */
  readonly algorithms: readonly string[];
  /** Where the keys are. */
  readonly jwksUrl?: string;
  /** The keys. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /** The key that both sides have, as a reference such as `${JWT_SECRET}`; at least 32 bytes of UTF-8. */
  readonly secret?: string;
  /** How far clocks may be apart, in seconds; at most 60. @default 30 */
  readonly clockToleranceS?: number;
  /** What `typ` has to be, such as `at+jwt`. @default anything */
  readonly typ?: string;
  /** The claim with the scopes: words in a text, or a list. @default 'scope' */
  readonly scopesClaim?: string;
  /** How long a token counts without being verified again, in ms. @default 60_000 */
  readonly cacheMs?: number;
  /** How many tokens are known at a time. @default 10_000 */
  readonly cacheSize?: number;
  /** How long fetched keys are fresh, in ms. @default 600_000 */
  readonly maxAgeMs?: number;
  /** How long they serve after that while the provider is down, in ms. @default 3_600_000 */
  readonly maxStaleMs?: number;
  /** Keys that nobody knows make it fetch at most so often, in ms. @default 30_000 */
  readonly cooldownMs?: number;
}

/** A key that both sides have, as data. */
export interface SigningKeyConfig extends IdentityConfig {
  /** The secret, as a reference such as `${SHOP_SECRET}`; at least 32 bytes of UTF-8. */
  readonly secret: string;
}

/** `signedRequests`, as data. */
export interface SignedRequestsConfig {
  /** What it is. */
  readonly kind: 'signed-requests';
  /** The keys by their ids. */
  readonly keys: Readonly<Record<string, SigningKeyConfig>>;
  /** How old, or how far ahead, a signature may be, in seconds. @default 300 */
  readonly maxAgeS?: number;
  /** How many signatures are remembered. @default 100_000 */
  readonly maxNonces?: number;
}

/** One way of knowing who asks. */
export type AuthenticatorConfig = ApiKeysConfig | JwtConfig | SignedRequestsConfig;

/** Policies, outermost first, or the name of a pipeline. */
export type PolicyConfig = string | readonly unknown[];

/** A service by its name. */
export interface ServiceUpstreamConfig {
  /** One of `services`. */
  readonly service: string;
  /** Goes before each path. @default '' */
  readonly basePath?: string;
}

/** A part of an answer: JSON that an upstream is asked for with GET. */
export interface AggregatePartConfig {
  /** An origin, or a service. */
  readonly upstream: string | ServiceUpstreamConfig;
  /** The path for it, with the names of the path of the route; the query of the request goes along. */
  readonly path: string;
  /** Whether it may be missing. @default false */
  readonly optional?: boolean;
  /** What stands for one that is missing; only with `optional`. @default nothing */
  readonly otherwise?: unknown;
  /** How long it may take, in ms. @default as long as all */
  readonly timeoutMs?: number;
  /** What asking runs through. @default nothing */
  readonly policy?: PolicyConfig;
  /** The largest answer, in bytes. @default 1_048_576 */
  readonly maxBytes?: number;
}

/** One answer made of several, as data. */
export interface AggregateConfig {
  /** The parts by their names, which are those of the answer. */
  readonly parts: Readonly<Record<string, AggregatePartConfig>>;
  /** How long all of them may take, in ms. @default 10_000 */
  readonly timeoutMs?: number;
  /** How many are asked at a time. @default 16 */
  readonly concurrency?: number;
}

/** Answers of several upstreams in one. */
export interface AggregateUpstreamConfig {
  /** The parts. */
  readonly aggregate: AggregateConfig;
}

/** A function of the program. */
export interface FunctionUpstreamConfig {
  /** Its name among `extras.functions`. */
  readonly function: string;
}

/** Where requests go, as data. */
export type WholeUpstreamConfig =
  | string
  | ServiceUpstreamConfig
  | AggregateUpstreamConfig
  | FunctionUpstreamConfig;

/** One of the upstreams of a split, as data. */
export interface SideConfig extends Omit<UpstreamSide, 'upstream' | 'policy'> {
  /** Where its requests go. */
  readonly upstream: WholeUpstreamConfig;
  /** What its requests run through, so that each side has its own failures. @default that of the route */
  readonly policy?: PolicyConfig;
}

/** Several upstreams, each for a part of the clients, as data. */
export interface SplitUpstreamConfig {
  /** The sides; at least two. */
  readonly split: readonly SideConfig[];
  /** What keeps a client on one side. @default 'ip' */
  readonly by?: 'ip' | 'identity' | { readonly header: string } | { readonly cookie: string };
}

/** Where requests go, as data: to one upstream, or each to one of several. */
export type UpstreamConfig = WholeUpstreamConfig | SplitUpstreamConfig;

/** Copies of requests, as data. */
export interface MirrorConfig extends Omit<RouteMirror, 'upstream'> {
  /** Where copies go: an origin, or a service. */
  readonly upstream: string | ServiceUpstreamConfig;
}

/** How often a route may be asked, as data. */
export interface RouteLimitConfig extends Omit<RouteLimit, 'by' | 'store'> {
  /** `'ip'`, `'route'`, `'identity'`, or the name of one of `extras.limitBy`. @default 'ip' */
  readonly by?: string;
  /** The name of one of `extras.stores`. @default in memory, that of the gateway */
  readonly store?: string;
}

/** A route, as data. */
export interface RouteConfig
  extends Omit<
    GatewayRoute,
    | ('upstream' | 'policy' | 'auth' | 'authorize' | 'limits' | 'timeoutMs' | 'maxBodyBytes')
    | ('mirror' | 'body' | 'maintenance')
  > {
  /** Where requests go. One of `upstream`, `reply` and `redirect` has to be there. */
  readonly upstream?: UpstreamConfig;
  /** What requests run through: policies, or the name of one of `pipelines`. @default nothing */
  readonly policy?: PolicyConfig;
  /** Names of `authenticators`; `false` for nobody is asked. @default that of the gateway */
  readonly auth?: string | readonly string[] | false;
  /** The name of one of `extras.authorize`. @default yes */
  readonly authorize?: string;
  /** Sends copies of requests to another upstream as well. @default none */
  readonly mirror?: MirrorConfig;
  /** How often it may be asked. @default [] */
  readonly limits?: readonly RouteLimitConfig[];
  /** How long until the head of the answer is there, in ms; null for no limit. @default 30_000 */
  readonly timeoutMs?: number | null;
  /** The largest body of a request, in bytes; null for no limit. @default that of the gateway */
  readonly maxBodyBytes?: number | null;
}

/** Paths for platforms, as data. */
export interface HealthConfig {
  /** Answers 200 as long as the process answers at all. @default none */
  readonly live?: string;
  /** Answers 200 when requests can come, else 503. @default none */
  readonly ready?: string;
}

/** A gateway as data; the file `keelson/gateway.schema.json` says what it may hold. */
export interface GatewayConfig
  extends Omit<
    GatewayOptions,
    ('routes' | 'services' | 'auth' | 'health' | 'clock' | 'random' | 'maxBodyBytes' | 'cors') | 'maintenance'
  > {
  /** For editors; not read. */
  readonly $schema?: string;
  /** The routes; their order does not matter. */
  readonly routes: readonly RouteConfig[];
  /** Services by the names that routes call them. @default {} */
  readonly services?: Readonly<Record<string, ServiceConfig>>;
  /** Ways of knowing who asks, by the names that routes call them. @default {} */
  readonly authenticators?: Readonly<Record<string, AuthenticatorConfig>>;
  /** The names of those for routes that do not say. @default nobody is asked */
  readonly auth?: string | readonly string[];
  /** Pipelines by the names that routes call them: lists of policies, outermost first. @default {} */
  readonly pipelines?: Readonly<Record<string, readonly unknown[]>>;
  /** Retry budgets by the names under which policies share them. @default {} */
  readonly budgets?: Readonly<Record<string, unknown>>;
  /** Which pages of other origins may ask, for routes that do not say. @default none */
  readonly cors?: NonNullable<GatewayOptions['cors']>;
  /** Paths for platforms. @default none */
  readonly health?: HealthConfig;
  /** The largest body of a request, in bytes; null for no limit. @default 1_048_576 */
  readonly maxBodyBytes?: number | null;
}
