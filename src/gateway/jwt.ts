import { type Clock, systemClock } from '../kernel/clock.js';
import { factOf } from '../kernel/errors.js';
import { checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import type { Authentication, Authenticator } from './authenticator.js';
import type { GatewayRequest, Identity } from './gateway-request.js';
import { type KeyFinder, RemoteKeys } from './jwks.js';
import { textOf } from './text-of.js';

/** What is used of the package `jose`; pass the module. */
export interface Jose {
  /** Its function of that name. */
  readonly jwtVerify: (
    token: string,
    key: never,
    options: never,
  ) => Promise<{ readonly payload: Readonly<Record<string, unknown>> }>;
  /** Its function of that name. */
  readonly createLocalJWKSet: (jwks: never) => (header: never, token: never) => Promise<unknown>;
}

/** Which tokens count. */
export interface JwtOptions {
  /** `import * as jose from 'jose'`. */
  readonly jose: Jose;
  /** Who has to have issued a token: exactly this. */
  readonly issuer: string;
  /** For whom it has to be: one of these. */
  readonly audience: string | readonly string[];
  /** How it may be signed, such as `RS256`; never what the token says. Not `none`. */
  readonly algorithms: readonly string[];
  /** Where the keys are. One of `jwksUrl`, `jwks` and `secret` has to be there. */
  readonly jwksUrl?: string;
  /** The keys. */
  readonly jwks?: { readonly keys: readonly object[] };
  /** The key that both sides have, for `HS256` and its like alone; at least 32 bytes. */
  readonly secret?: Uint8Array;
  /** How far clocks may be apart, in seconds; at most 60. @default 30 */
  readonly clockToleranceS?: number;
  /** What `typ` has to be, such as `at+jwt`. @default anything */
  readonly typ?: string;
  /** The claim with the scopes: words in a text, or a list. @default 'scope' */
  readonly scopesClaim?: string;
  /** How long a token counts without being verified again, in ms; never beyond its end. @default 60_000 */
  readonly cacheMs?: number;
  /** How many tokens are known at a time. @default 10_000 */
  readonly cacheSize?: number;
  /** How long fetched keys are fresh, in ms. @default 600_000 */
  readonly maxAgeMs?: number;
  /** How long they serve after that while the provider is down, in ms. @default 3_600_000 */
  readonly maxStaleMs?: number;
  /** Keys that nobody knows make it fetch at most so often, in ms. @default 30_000 */
  readonly cooldownMs?: number;
  /** What fetches the keys. @default the global `fetch` */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

export const jwtDefaults = /* @__PURE__ */ Object.freeze({
  clockToleranceS: 30,
  scopesClaim: 'scope',
  cacheMs: 60_000,
  cacheSize: 10_000,
  maxAgeMs: 600_000,
  maxStaleMs: 3_600_000,
  cooldownMs: 30_000,
});

const owner = 'jwt';
const known = [
  ...['jose', 'issuer', 'audience', 'algorithms', 'jwksUrl', 'jwks', 'secret', 'typ', 'fetch', 'clock'],
  ...['clockToleranceS', 'scopesClaim', 'cacheMs', 'cacheSize', 'maxAgeMs', 'maxStaleMs', 'cooldownMs'],
];
const SYMMETRIC = /^HS(256|384|512)$/;
const ASYMMETRIC = /^(RS|PS|ES)(256|384|512)$|^EdDSA$|^Ed25519$/;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const LONGEST = 8_192;

type Plan = JwtOptions & Required<Pick<JwtOptions, keyof typeof jwtDefaults | 'clock'>>;

function checkJwt(options: JwtOptions): Plan {
  checkKeys(owner, options, known);
  const plan: Plan = { ...jwtDefaults, clock: systemClock, ...given(options) };
  const { jose, issuer, audience, algorithms, jwksUrl, jwks, secret } = plan;
  if (typeof jose?.jwtVerify !== 'function') refuse(owner, 'jose', 'the module `jose`', jose);
  if (typeof issuer !== 'string' || issuer === '')
    refuse(owner, 'issuer', 'a string that is not empty', issuer);
  const audiences = [audience].flat();
  if (audiences.length === 0 || audiences.some(one => typeof one !== 'string' || one === '')) {
    refuse(owner, 'audience', 'a string that is not empty, or a list of them', textOf(audience));
  }
  if ([jwksUrl, jwks, secret].filter(keys => keys !== undefined).length !== 1) {
    refuse(owner, 'jwksUrl', 'given, or `jwks`, or `secret`, and only one of them', jwksUrl);
  }
  const fits = secret === undefined ? ASYMMETRIC : SYMMETRIC;
  // What one side may know must never be taken for the key of both.
  if (!Array.isArray(algorithms) || algorithms.length === 0 || !algorithms.every(one => fits.test(one))) {
    const rule = secret === undefined ? 'a list such as RS256, ES256 or EdDSA' : 'HS256, HS384 or HS512';
    refuse(owner, 'algorithms', rule, textOf(algorithms));
  }
  if (secret !== undefined && !(secret instanceof Uint8Array && secret.byteLength >= 32)) {
    refuse(owner, 'secret', 'at least 32 bytes', secret);
  }
  if (jwksUrl !== undefined && (typeof jwksUrl !== 'string' || !/^https?:\/\/[!-~]+$/.test(jwksUrl))) {
    refuse(owner, 'jwksUrl', 'a URL', jwksUrl);
  }
  for (const option of ['typ', 'scopesClaim'] as const) {
    const value: unknown = plan[option];
    if (value !== undefined && typeof value !== 'string') refuse(owner, option, 'a string', value);
  }
  checkNumber(owner, 'clockToleranceS', plan.clockToleranceS, { min: 0, max: 60 });
  for (const option of ['cacheMs', 'maxAgeMs', 'maxStaleMs', 'cooldownMs'] as const) {
    checkNumber(owner, option, plan[option], { min: 0 });
  }
  checkNumber(owner, 'cacheSize', plan.cacheSize, { min: 1, integer: true });
  return plan;
}

function keysOf(plan: Plan): unknown {
  const { jose, secret, jwks, jwksUrl: url, clock, maxAgeMs, maxStaleMs, cooldownMs } = plan;
  if (secret !== undefined) return secret;
  const make = (set: unknown): KeyFinder => jose.createLocalJWKSet(set as never);
  if (jwks !== undefined) return make(jwks);
  const { fetch = (to, init) => globalThis.fetch(to, init) } = plan;
  const remote = new RemoteKeys(
    { url: url!, fetch, clock, maxAgeMs, maxStaleMs, cooldownMs, timeoutMs: 5_000 },
    make,
  );
  return (header: never, token: never) => remote.key(header, token);
}

function identityOf(payload: Readonly<Record<string, unknown>>, scopesClaim: string): Identity | undefined {
  const { sub } = payload;
  if (typeof sub !== 'string' || sub === '') return undefined;
  const said = Object.hasOwn(payload, scopesClaim) ? payload[scopesClaim] : undefined;
  const list = typeof said === 'string' ? said.split(' ') : Array.isArray(said) ? said : [];
  const scopes = list.filter((scope): scope is string => typeof scope === 'string' && scope !== '');
  return { subject: sub, scopes, claims: payload };
}

type Verified = Awaited<ReturnType<Jose['jwtVerify']>>;

/** By whichever key signed it: where a provider has several for one id, or gives none, each is tried. */
async function verified(verify: (key: unknown) => Promise<Verified>, keys: unknown): Promise<Verified> {
  try {
    return await verify(keys);
  } catch (error) {
    if (factOf(error, 'code') !== 'ERR_JWKS_MULTIPLE_MATCHING_KEYS') throw error;
    for await (const key of error as AsyncIterable<unknown>) {
      try {
        return await verify(key);
      } catch (wrong) {
        if (factOf(wrong, 'code') !== 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') throw wrong;
      }
    }
    throw error;
  }
}

/**
 * Knows who asks by a bearer token that a provider has signed. How it may be signed, by whom and for whom is
 * said here and never by the token; it must have an end and a subject.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function jwt(options: JwtOptions): Authenticator {
  const plan = checkJwt(options);
  const { jose, issuer, audience, algorithms, clock, clockToleranceS, typ, scopesClaim } = plan;
  const keys = keysOf(plan);
  const seen = new Map<string, { readonly identity: Identity; readonly until: number }>();
  const verify = async (token: string): Promise<Authentication> => {
    const wall = clock.wall();
    const rules = {
      ...{ issuer, audience, algorithms, clockTolerance: clockToleranceS, requiredClaims: ['exp', 'sub'] },
      ...{ currentDate: new Date(wall), ...(typ === undefined ? {} : { typ }) },
    };
    const { payload } = await verified(key => jose.jwtVerify(token, key as never, rules as never), keys);
    // A number in JSON may be larger than all numbers.
    if (payload['exp'] === Infinity) return { refused: 'the token has no end', error: 'invalid_token' };
    const identity = identityOf(payload, scopesClaim);
    if (identity === undefined) return { refused: 'the token names nobody', error: 'invalid_token' };
    const until = Math.min(wall + plan.cacheMs, Number(payload['exp']) * 1000);
    if (seen.size >= plan.cacheSize) for (const oldest of [...seen.keys()].slice(0, 1)) seen.delete(oldest);
    if (until > wall) seen.set(token, { identity, until });
    return { identity };
  };
  return {
    name: 'jwt',
    challenge: 'Bearer',
    credentialFields: ['authorization'],
    async authenticate(request: GatewayRequest) {
      const said = request.header('authorization');
      if (said === undefined || !/^bearer /i.test(said)) return undefined;
      const token = said.slice(7).trim();
      if (token.length > LONGEST || !TOKEN.test(token)) {
        return { refused: 'the token is none', error: 'invalid_request' };
      }
      const before = seen.get(token);
      if (before !== undefined && before.until > clock.wall()) return { identity: before.identity };
      seen.delete(token);
      try {
        return await verify(token);
      } catch (error) {
        // Those of jose say what is wrong with the token; any other one, that the keys are not there.
        if (!String(factOf(error, 'code')).startsWith('ERR_J')) throw error;
        const expired = factOf(error, 'code') === 'ERR_JWT_EXPIRED';
        return {
          refused: expired ? 'the token has expired' : 'the token does not count',
          error: 'invalid_token',
        };
      }
    },
  };
}
