import { type CacheDirectives, readCacheControl, secondsOf } from './http-cache-control.js';
import { httpDateMs } from './retry-after.js';

/** Whether, and for how long, a shared cache may use an answer again: RFC 9111, 3 and 4; RFC 5861. */

/** An answer, as far as a cache looks at it. */
export interface AnswerToCache {
  readonly status: number;
  /** A field by its name in lower case, with `, ` between several; `undefined` without it. */
  readonly field: (name: string) => string | undefined;
  /** When the request was sent, and when the answer began: wall clock, in ms since the epoch. */
  readonly sentAt: number;
  readonly receivedAt: number;
  /** Whether the request says who asks: then the answer is kept only where it says that it may be. */
  readonly named: boolean;
}

/** What holds where an answer says nothing, in ms. */
export interface CacheGrace {
  readonly defaultTtlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
}

/** What is known of an answer that may be kept. */
export interface CacheableAnswer {
  /** How long it is fresh from its making, in ms. */
  readonly lifetimeMs: number;
  /** How old it was when it came, in ms. */
  readonly ageMs: number;
  /** What it depends on, in lower case. */
  readonly vary: readonly string[];
  /** Whether it may be given to requests that say who asks. */
  readonly forAll: boolean;
  /** Whether it is never used without asking. */
  readonly noCache: boolean;
  /** How long it may be used after its end while somebody asks for another, or because nobody answers. */
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** Statuses that may be kept without knowing more about them: RFC 9110, 15.1; without 206. */
const KEPT = /* @__PURE__ */ new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

const namesOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map(name => name.trim().toLowerCase())
    .filter(name => name !== '');

/** Freshness of RFC 9111, 4.2.1, in ms; `undefined` where it says nothing. */
function saidLifetime(answer: AnswerToCache, said: CacheDirectives, madeAt: number): number | undefined {
  const seconds = said.sMaxAge ?? said.maxAge;
  if (seconds !== undefined) return seconds * 1000;
  const expires = answer.field('expires');
  if (expires === undefined) return undefined;
  const until = httpDateMs(expires, answer.receivedAt);
  // One that nobody can read lies in the past: RFC 9111, 5.3.
  return Number.isNaN(until) ? 0 : Math.max(0, until - madeAt);
}

/** The age of RFC 9111, 4.2.3, when the answer came. */
function ageOf({ field, sentAt, receivedAt }: AnswerToCache, madeAt: number): number {
  const told = field('age')?.replace(/,.*/, '').trim();
  const corrected = secondsOf(told) * 1000 + (receivedAt - sentAt);
  return Math.max(0, receivedAt - madeAt, corrected);
}

/** What a cache may do with an answer to a GET; `undefined` where it must not, or need not, keep it. */
export function cacheable(answer: AnswerToCache, grace: CacheGrace): CacheableAnswer | undefined {
  const { status, field, receivedAt, named } = answer;
  const said = readCacheControl(field('cache-control'));
  const vary = namesOf(field('vary'));
  const forAll = said.isPublic || said.sMaxAge !== undefined || said.mustRevalidate;
  if (!KEPT.has(status) || said.noStore || said.isPrivate || vary.includes('*')) return undefined;
  if ((named && !forAll) || field('set-cookie') !== undefined) return undefined;
  const date = httpDateMs(field('date'), receivedAt);
  const madeAt = Number.isNaN(date) ? receivedAt : date;
  const ageMs = ageOf(answer, madeAt);
  const stated = saidLifetime(answer, said, madeAt);
  const lifetimeMs = stated ?? (said.noCache ? 0 : grace.defaultTtlMs);
  const etag = field('etag');
  const lastModified = field('last-modified');
  const strict = said.mustRevalidate || said.proxyRevalidate || said.sMaxAge !== undefined || said.noCache;
  const graceOf = (seconds: number | undefined, otherwise: number): number =>
    strict ? 0 : seconds === undefined ? otherwise : seconds * 1000;
  const staleWhileRevalidateMs = graceOf(said.staleWhileRevalidate, grace.staleWhileRevalidateMs);
  const staleIfErrorMs = graceOf(said.staleIfError, grace.staleIfErrorMs);
  const isFresh = !said.noCache && ageMs < lifetimeMs;
  const says = stated !== undefined || said.noCache || said.isPublic || said.mustRevalidate;
  const canBeAsked = etag !== undefined || lastModified !== undefined;
  const isSpare = ageMs < lifetimeMs + Math.max(staleWhileRevalidateMs, staleIfErrorMs);
  if (!isFresh && !(says && (canBeAsked || isSpare))) return undefined;
  return {
    ...{ lifetimeMs, ageMs, vary, forAll, noCache: said.noCache },
    ...{ staleWhileRevalidateMs, staleIfErrorMs, etag, lastModified },
  };
}

/** What a kept answer is good for: as it is, as it is while another is asked for, or to ask with. */
export type CacheUse = 'fresh' | 'stale' | 'ask';

/** `keptMs` is how long ago it came. */
export function useOf(answer: CacheableAnswer, keptMs: number, asked: CacheDirectives): CacheUse {
  const age = answer.ageMs + keptMs;
  const left = answer.lifetimeMs - age;
  if (answer.noCache || asked.noCache) return 'ask';
  const wants = asked.maxAge !== undefined || asked.minFresh !== undefined;
  if (left > 0 && age <= (asked.maxAge ?? Infinity) * 1000 && left >= (asked.minFresh ?? 0) * 1000) {
    return 'fresh';
  }
  return !wants && left + answer.staleWhileRevalidateMs > 0 ? 'stale' : 'ask';
}

/** Whether it may be used because nobody answers. */
export function standsIn(answer: CacheableAnswer, keptMs: number): boolean {
  return answer.ageMs + keptMs < answer.lifetimeMs + answer.staleIfErrorMs;
}
