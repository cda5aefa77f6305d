import type { PathOddity } from '../core/route-path.js';
import type { Policy } from '../kernel/policy.js';
import type { Authenticator } from './authenticator.js';
import type { RouteBody } from './body-rules.js';
import type { CorsOptions } from './cors.js';
import type { GatewayRequest } from './gateway-request.js';
import type { MaintenanceSwitch } from './maintenance.js';
import type { RouteMirror } from './mirror.js';
import type { RouteCache } from './route-cache.js';
import type { RouteLimit } from './route-limits.js';
import type { Upstream } from './split.js';
import type { GatewayReply } from './upstream.js';

/** Who may ask by where they are. What is denied is denied, whatever is allowed. */
export interface IpRules {
  /** Addresses and ranges, such as `10.0.0.0/8`. @default all */
  readonly allow?: readonly string[];
  /** Addresses and ranges. @default none */
  readonly deny?: readonly string[];
}

/** Sends clients elsewhere. */
export interface Redirect {
  /**
   * An absolute URL, which is sent as it is; or a path template with the names of `path`, to which the query
   * is added.
   */
  readonly to: string;
  /** What the client makes of it: whether for good, and with which method. @default 308 */
  readonly status?: 301 | 302 | 303 | 307 | 308;
}

/** Which requests it takes, what they go through, and where they go. */
export interface GatewayRoute {
  /** Segments: texts, `:name` for any one, and as the last `*` or `*name` for what follows, or nothing. */
  readonly path: string;
  /** Shown in events and logs. No two may have the same. @default all that it asks for */
  readonly name?: string;
  /** A host without a port, or `*.example.com` for all names below it. @default any */
  readonly host?: string;
  /** Methods in upper case; `GET` takes `HEAD` as well. @default any, but for CONNECT and TRACE */
  readonly methods?: readonly string[];
  /** Fields with the value that they have to have, or `true` for any. @default none */
  readonly headers?: Readonly<Record<string, string | true>>;
  /** Parameters of the query with the value that they have to have, or `true` for any. @default none */
  readonly query?: Readonly<Record<string, string | true>>;
  /** What servers read in more than one way, and this route takes. @default [] */
  readonly allow?: readonly PathOddity[];

  /** Where requests go. One of `upstream`, `reply` and `redirect` has to be there. */
  readonly upstream?: Upstream;
  /** Answers by itself, always the same. */
  readonly reply?: GatewayReply;
  /** Sends elsewhere. */
  readonly redirect?: Redirect;
  /** The path for the upstream, with the names of `path`. @default the path as it is */
  readonly rewrite?: string;
  /** Sends copies of requests elsewhere as well. @default nowhere */
  readonly mirror?: RouteMirror;
  /** What bodies have to be. @default anything */
  readonly body?: RouteBody;
  /** Turns requests away while it is on. @default never */
  readonly maintenance?: MaintenanceSwitch;
  /** That of its calls, for policies that let the more important go first. @default 0 */
  readonly priority?: number;
  /** Keeps answers to GET, and gives them to who asks next. @default keeps none */
  readonly cache?: RouteCache;
  /** Hands the client's `Host` on, in place of that of the upstream. @default false */
  readonly preserveHost?: boolean;
  /** Whether WebSocket connections are let through. @default false */
  readonly upgrade?: boolean;

  /**
   * What requests run through, up to the head of the answer: a policy for a `Response`, of which it sees all
   * but the body. It may answer in the stead of the upstream, and must not share answers.
   * @default nothing
   */
  readonly policy?: Policy<Response, GatewayReply | Response>;
  /** How long until the head of the answer is there, all attempts together, in ms. @default 30_000 */
  readonly timeoutMs?: number;
  /** For how long either side may be silent once the answer has begun, in ms. @default 60_000 */
  readonly idleTimeoutMs?: number;
  /** The largest body of a request, in bytes. @default that of the gateway */
  readonly maxBodyBytes?: number;

  /** How it is known who asks; `false` for not at all. @default that of the gateway */
  readonly auth?: Authenticator | readonly Authenticator[] | false;
  /** What who asks has to be allowed, all of it. @default [] */
  readonly scopes?: readonly string[];
  /** Whether who asks may do this; anything but `true` is no. @default yes */
  readonly authorize?: (request: GatewayRequest) => boolean | PromiseLike<boolean>;
  /** Hands on the fields that said who asks. @default false */
  readonly forwardCredentials?: boolean;

  /** How often it may be asked. @default [] */
  readonly limits?: readonly RouteLimit[];
  /** Which pages of other origins may ask; `false` for none. @default that of the gateway */
  readonly cors?: CorsOptions | false;
  /** Who may ask by where they are. @default all */
  readonly ip?: IpRules;
  /** Fields for the upstream: set, or taken away by null. @default {} */
  readonly requestHeaders?: Readonly<Record<string, string | null>>;
  /** Fields for the client: set, or taken away by null. @default {} */
  readonly answerHeaders?: Readonly<Record<string, string | null>>;
  /** New names for fields on their way to the upstream, before those of `requestHeaders`. @default {} */
  readonly renameRequestHeaders?: Readonly<Record<string, string>>;
  /** New names for fields on their way to the client, before those of `answerHeaders`. @default {} */
  readonly renameAnswerHeaders?: Readonly<Record<string, string>>;
  /** Statuses for the client in place of those of the upstream. @default {} */
  readonly answerStatus?: Readonly<Record<number, number>>;
}
