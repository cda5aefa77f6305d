import { plainName } from '../core/hop-fields.js';
import type { IpRange } from '../core/ip-range.js';
import { isFieldName } from '../core/request-fields.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber, given, isRecord, refuse } from '../kernel/options.js';
import { newHexId, type Random, systemRandom } from '../kernel/random.js';
import type { Authenticator } from './authenticator.js';
import type { CorsOptions } from './cors.js';
import type { ForwardRules } from './forward-fields.js';
import type { GatewayRoute } from './gateway-route.js';
import { checkMaintenance, type MaintenanceSwitch } from './maintenance.js';
import { planTrace, type TracePlan, type TraceRules } from './trace.js';
import { readRanges } from './trusted-peers.js';
import type { UpstreamProxy } from './upstream.js';

/** Paths that tell a platform how the gateway is. They come before all routes, on every host. */
export interface HealthPaths {
  /** Answers 200 as long as the process answers at all. @default none */
  readonly live?: string;
  /** Answers 200 when requests can come, else 503: when it closes, or `check` says no. @default none */
  readonly ready?: string;
  /** Whether requests can come. What it throws is a no. @default they can */
  readonly check?: () => boolean | PromiseLike<boolean>;
}

/** Which fields tell an upstream who asks. A client can never set them itself, on any route. */
export interface IdentityFields {
  /** That of the subject; `false` for none. @default 'x-auth-subject' */
  readonly subject?: string | false;
  /** That of the scopes; `false` for none. @default 'x-auth-scopes' */
  readonly scopes?: string | false;
  /** Fields with the claim that they hold. @default {} */
  readonly claims?: Readonly<Record<string, string>>;
}

/** Which fields tell an upstream of a verified certificate of a client, who can never set them itself. */
export interface CertificateFields {
  /** That of the subject; `false` for none. @default 'x-client-cert-subject' */
  readonly subject?: string | false;
  /** That of the fingerprint; `false` for none. @default 'x-client-cert-fingerprint' */
  readonly fingerprint?: string | false;
}

/** How a gateway is set up. */
export interface GatewayOptions {
  /** The routes; their order does not matter. */
  readonly routes: readonly GatewayRoute[];
  /** Services by the names that routes call them. @default {} */
  readonly services?: Readonly<Record<string, UpstreamProxy>>;
  /** How it is known who asks, for routes that do not say. @default nobody is asked */
  readonly auth?: Authenticator | readonly Authenticator[];
  /** Which pages of other origins may ask, for routes that do not say. @default none */
  readonly cors?: CorsOptions;
  /**
   * Peers whose `X-Forwarded-For`, `-Proto` and `-Host` count, and to whose `Forwarded` is added: addresses
   * and ranges.
   * @default []
   */
  readonly trustedPeers?: readonly string[];
  /** Paths for platforms. @default none */
  readonly health?: HealthPaths;
  /** Which fields tell an upstream who asks. @default those of `IdentityFields` */
  readonly identityFields?: IdentityFields;
  /** Which fields tell an upstream of the certificate of a client. @default those of `CertificateFields` */
  readonly certificateFields?: CertificateFields;
  /** More fields that no client can set. @default [] */
  readonly stripFields?: readonly string[];
  /** What it calls itself in `Via`; no two gateways in a row may be called alike. @default a new name */
  readonly via?: string;
  /** The field of the request id. @default 'x-request-id' */
  readonly requestIdField?: string;
  /**
   * The field that holds how many ms are left, from clients and to upstreams; `false` for none.
   * @default 'x-request-timeout-ms'
   */
  readonly deadlineField?: string | false;
  /** Turns requests away while it is on, but those for `health`. @default never */
  readonly maintenance?: MaintenanceSwitch;
  /** Gives requests their place in a trace; else what clients say of it is handed on. @default false */
  readonly trace?: TraceRules | boolean;
  /** The field that marks copies of requests, which no client can set. @default 'x-mirrored' */
  readonly mirrorField?: string;
  /** Answers that routes keep, all together. @default 10_000 */
  readonly maxCacheEntries?: number;
  /** What those take, in bytes, about. @default 67_108_864 */
  readonly maxCacheBytes?: number;
  /** The longest request target, in characters. @default 8_192 */
  readonly maxTargetLength?: number;
  /** The most fields of a request. @default 100 */
  readonly maxFieldCount?: number;
  /** All fields of a request together, in bytes. @default 16_384 */
  readonly maxFieldBytes?: number;
  /** The largest body of a request, in bytes. @default 1_048_576 */
  readonly maxBodyBytes?: number;
  /** Requests at a time, to the end of their answers; one more is answered with 503. @default 10_000 */
  readonly maxInFlight?: number;
  /** Clients that limits keep count of, in memory. @default 100_000 */
  readonly maxLimitKeys?: number;
  /** Shown in events and `describe()`. @default 'gateway' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance. @default systemRandom */
  readonly random?: Random;
}

export const gatewayDefaults = /* @__PURE__ */ Object.freeze({
  requestIdField: 'x-request-id',
  deadlineField: 'x-request-timeout-ms',
  mirrorField: 'x-mirrored',
  trace: false,
  maxCacheEntries: 10_000,
  maxCacheBytes: 67_108_864,
  maxTargetLength: 8_192,
  maxFieldCount: 100,
  maxFieldBytes: 16_384,
  maxBodyBytes: 1_048_576,
  maxInFlight: 10_000,
  maxLimitKeys: 100_000,
  name: 'gateway',
});

const owner = 'ApiGateway';
const known = [
  ...['routes', 'services', 'auth', 'cors', 'trustedPeers', 'health', 'identityFields', 'stripFields', 'via'],
  ...['requestIdField', 'deadlineField', 'maxTargetLength', 'maxFieldCount', 'maxFieldBytes', 'maxBodyBytes'],
  ...['maxInFlight', 'maxLimitKeys', 'mirrorField', 'name', 'clock', 'random', 'certificateFields'],
  ...['maxCacheEntries', 'maxCacheBytes', 'trace', 'maintenance'],
];

/** The checked options, but for the routes. */
export interface GatewayPlan {
  readonly services: Readonly<Record<string, UpstreamProxy>>;
  readonly auth: readonly Authenticator[];
  readonly cors: CorsOptions | undefined;
  readonly trusted: readonly IpRange[];
  readonly trace: TracePlan | undefined;
  readonly maintenance: MaintenanceSwitch | undefined;
  readonly health: HealthPaths;
  readonly rules: ForwardRules;
  readonly maxTargetLength: number;
  readonly maxFieldCount: number;
  readonly maxFieldBytes: number;
  readonly maxBodyBytes: number;
  readonly maxInFlight: number;
  readonly maxLimitKeys: number;
  readonly maxCacheEntries: number;
  readonly maxCacheBytes: number;
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** One authenticator, or a list of them. @throws TypeError that names the option. */
export function authenticatorsOf(who: string, auth: unknown): readonly Authenticator[] {
  const list = Array.isArray(auth) ? (auth as unknown[]) : auth === undefined ? [] : [auth];
  for (const one of list) {
    const { authenticate, credentialFields } = (one ?? {}) as Partial<Authenticator>;
    if (typeof authenticate !== 'function' || !Array.isArray(credentialFields)) {
      refuse(who, 'auth', 'an Authenticator, or a list of them', one);
    }
  }
  return list as readonly Authenticator[];
}

const fieldOf = (option: string, name: unknown): string => {
  if (typeof name !== 'string' || !isFieldName(name)) refuse(owner, option, 'the name of a field', name);
  return name;
};

function checkHealth(health: HealthPaths): HealthPaths {
  checkKeys(`${owner}: \`health\``, health, ['live', 'ready', 'check']);
  for (const path of [health.live, health.ready]) {
    if (path !== undefined && (typeof path !== 'string' || !path.startsWith('/'))) {
      refuse(owner, 'health', 'of paths that begin with /', path);
    }
  }
  if (health.check !== undefined && typeof health.check !== 'function') {
    refuse(owner, 'health.check', 'a function', health.check);
  }
  return health;
}

function planRules(options: GatewayOptions): ForwardRules {
  const {
    requestIdField,
    deadlineField,
    mirrorField,
    via,
    stripFields = [],
    identityFields = {},
    certificateFields = {},
  } = {
    ...gatewayDefaults,
    ...given(options),
  };
  checkKeys(`${owner}: \`identityFields\``, identityFields, ['subject', 'scopes', 'claims']);
  const { subject = 'x-auth-subject', scopes = 'x-auth-scopes', claims = {} } = identityFields;
  const isNamed = isRecord(claims) && Object.values(claims).every(claim => typeof claim === 'string');
  if (!isNamed) refuse(owner, 'identityFields.claims', 'an object of claims by field', claims);
  checkKeys(`${owner}: \`certificateFields\``, certificateFields, ['subject', 'fingerprint']);
  const certificate = {
    ...{ subject: 'x-client-cert-subject', fingerprint: 'x-client-cert-fingerprint' },
    ...given(certificateFields),
  };
  const claimFields = Object.entries(claims);
  const optional = (option: string, name: string | false): string | undefined =>
    name === false ? undefined : fieldOf(option, name);
  const rules = {
    via: fieldOf('via', via ?? `keelson-${newHexId(4)}`),
    requestIdField: fieldOf('requestIdField', requestIdField),
    deadlineField: optional('deadlineField', deadlineField as string | false),
    mirrorField: fieldOf('mirrorField', mirrorField).toLowerCase(),
    subjectField: optional('identityFields.subject', subject),
    scopesField: optional('identityFields.scopes', scopes),
    certSubjectField: optional('certificateFields.subject', certificate.subject),
    fingerprintField: optional('certificateFields.fingerprint', certificate.fingerprint),
    claimFields,
  };
  if (!Array.isArray(stripFields)) refuse(owner, 'stripFields', 'a list of names', stripFields);
  const { requestIdField: id, deadlineField: due, subjectField, scopesField } = rules;
  const shown = [rules.certSubjectField, rules.fingerprintField];
  const all = [
    id,
    due,
    rules.mirrorField,
    subjectField,
    scopesField,
    ...shown,
    ...claimFields.map(([field]) => field),
    ...stripFields,
  ];
  const names = all.filter(name => name !== undefined).map(name => fieldOf('stripFields', name));
  return { ...rules, own: new Set(names.map(name => plainName(name.toLowerCase()))) };
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function planGateway(options: GatewayOptions): GatewayPlan {
  checkKeys(owner, options, known);
  const all = {
    ...gatewayDefaults,
    clock: systemClock,
    random: systemRandom,
    services: {},
    ...given(options),
  };
  const { services, cors, trustedPeers = [], health = {} } = all;
  if (!isRecord(services)) refuse(owner, 'services', 'an object of ServiceProxy by name', services);
  const count = (option: keyof GatewayOptions & keyof typeof all, max: number): number =>
    checkNumber(owner, option, all[option], { min: 1, max, integer: true });
  return {
    services: services as Readonly<Record<string, UpstreamProxy>>,
    auth: authenticatorsOf(owner, all.auth),
    cors,
    trusted: readRanges(owner, 'trustedPeers', trustedPeers),
    trace: planTrace(owner, all.trace),
    maintenance: checkMaintenance(owner, all.maintenance),
    health: checkHealth(health),
    rules: planRules(options),
    maxTargetLength: count('maxTargetLength', 65_536),
    maxFieldCount: count('maxFieldCount', 2_000),
    maxFieldBytes: count('maxFieldBytes', 1_048_576),
    maxBodyBytes: checkNumber(owner, 'maxBodyBytes', all.maxBodyBytes, { min: 0, infinity: true }),
    maxInFlight: count('maxInFlight', 10_000_000),
    maxLimitKeys: count('maxLimitKeys', 10_000_000),
    maxCacheEntries: count('maxCacheEntries', 10_000_000),
    maxCacheBytes: count('maxCacheBytes', 2 ** 40),
    name: all.name,
    clock: all.clock,
    random: all.random,
  };
}
