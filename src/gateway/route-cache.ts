import { plainName } from '../core/hop-fields.js';
import type { CacheGrace } from '../core/http-cache-answer.js';
import { checkFlag, checkKeys, checkNumber } from '../kernel/options.js';
import type { Renames } from './answer-changes.js';
import { type ForwardRules, isReplaced, whoAsks } from './forward-fields.js';
import type { IncomingCall } from './gateway-request.js';

/** Keeps answers to GET, by RFC 9111, for as long as they say. */
export interface RouteCache {
  /** How long an answer is fresh that says nothing of it, in ms. @default 0 */
  readonly defaultTtlMs?: number;
  /**
   * How long after that an answer may be given while another is asked for, where it does not say, in ms.
   * @default 0
   */
  readonly staleWhileRevalidateMs?: number;
  /**
   * How long after that an answer may be given because the upstream fails, where it does not say, in ms.
   * @default 0
   */
  readonly staleIfErrorMs?: number;
  /** The largest body that is kept, in bytes. @default 1_048_576 */
  readonly maxEntryBytes?: number;
  /** Whether requests wait for the answer to one like them that is under way. @default true */
  readonly coalesce?: boolean;
  /**
   * Whether one who asks may get what another was answered, where the answer itself says that it is for all:
   * `public`, `s-maxage` or `must-revalidate`.
   * @default false
   */
  readonly acrossIdentities?: boolean;
}

/** A checked cache. */
export interface CachePlan extends CacheGrace {
  readonly maxEntryBytes: number;
  readonly coalesce: boolean;
  readonly acrossIdentities: boolean;
}

const known = ['defaultTtlMs', 'staleWhileRevalidateMs', 'staleIfErrorMs', 'maxEntryBytes', 'coalesce'];

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function planCache(owner: string, cache: RouteCache): CachePlan {
  const own = `${owner}: cache`;
  checkKeys(own, cache, [...known, 'acrossIdentities']);
  const { defaultTtlMs = 0, staleWhileRevalidateMs = 0, staleIfErrorMs = 0 } = cache;
  const { maxEntryBytes = 1_048_576, coalesce = true, acrossIdentities = false } = cache;
  const span = (option: string, ms: number): number => checkNumber(own, option, ms, { min: 0, max: 1e12 });
  return {
    defaultTtlMs: span('defaultTtlMs', defaultTtlMs),
    staleWhileRevalidateMs: span('staleWhileRevalidateMs', staleWhileRevalidateMs),
    staleIfErrorMs: span('staleIfErrorMs', staleIfErrorMs),
    maxEntryBytes: checkNumber(own, 'maxEntryBytes', maxEntryBytes, { min: 1, max: 2 ** 30, integer: true }),
    coalesce: checkFlag(own, 'coalesce', coalesce),
    acrossIdentities: checkFlag(own, 'acrossIdentities', acrossIdentities),
  };
}

/** What a cache knows of a route. */
interface CachingRoute {
  readonly name: string;
  readonly cache: CachePlan | undefined;
  readonly requestRenames: Renames;
}

/** A request as a cache knows it. */
export interface CacheSubject {
  readonly key: string;
  readonly uri: string;
  /** Whether it says who asks. */
  readonly named: boolean;
  /** Fields on which no answer may depend that is kept. */
  readonly barred: (name: string) => boolean;
}

/** What is kept of this host and path, whoever asks. */
export function uriOf(call: IncomingCall): string {
  const { host, hostAndPort, path, query } = call;
  return JSON.stringify([host, hostAndPort?.port ?? 0, path, query]);
}

/** What the gateway says in the place of clients, and a key holds. */
const TOLD_APART = ['host', 'x-forwarded-host', 'x-forwarded-proto'];
const PARTS = ['range', 'if-range', 'if-match', 'if-unmodified-since'];

/** `undefined` where the cache is no party to the request. */
export function cacheSubject(
  call: IncomingCall,
  { name, cache, requestRenames }: CachingRoute,
  rules: ForwardRules,
): CacheSubject | undefined {
  if (cache === undefined || (call.method !== 'GET' && call.method !== 'HEAD') || call.hasBody)
    return undefined;
  const { names, listed, overrides } = call.facts;
  // What it asks of the upstream is not what its fields say.
  if (listed.length > 0 || overrides.length > 0) return undefined;
  if (PARTS.some(part => names.includes(part))) return undefined;
  // Who it is that a credential stands for is known to the upstream alone.
  const shown = names.includes('authorization') && !call.spent.includes('authorization');
  if (shown && call.identity === undefined && !cache.acrossIdentities) return undefined;
  const who = cache.acrossIdentities ? [] : whoAsks(call, rules);
  const subject = cache.acrossIdentities ? null : (call.identity?.subject ?? null);
  const uri = uriOf(call);
  const renamed = new Set([...requestRenames.values()].map(to => plainName(to.toLowerCase())));
  const barred = (field: string): boolean => {
    const plain = plainName(field);
    if (renamed.has(plain) || (isReplaced(plain) && !TOLD_APART.includes(plain))) return true;
    return rules.own.has(plain) && !who.some((one, at) => at % 2 === 0 && one.toLowerCase() === field);
  };
  const told = call.trusted ? (call.header('x-forwarded-host') ?? null) : null;
  return {
    ...{ uri, barred, key: JSON.stringify([name, call.side ?? '', call.scheme, told, uri, subject, who]) },
    named: call.identity !== undefined || shown || names.includes('cookie'),
  };
}
