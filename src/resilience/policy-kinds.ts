import type { Guard, Policy } from '../kernel/policy.js';
import { AdaptiveLimiter } from './adaptive-limiter.js';
import { AdaptiveThrottle } from './adaptive-throttle.js';
import { Bulkhead } from './bulkhead.js';
import { Cache } from './cache.js';
import { Chaos } from './chaos.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { Coalesce } from './coalesce.js';
import { Fallback } from './fallback.js';
import { Hedge } from './hedge.js';
import { keyed } from './keyed.js';
import { SHARED } from './keyed-table.js';
import { RateLimiter } from './rate-limiter.js';
import { Retry } from './retry.js';
import { shadow } from './shadow.js';
import { streamed } from './stream-policy.js';
import { Timeout } from './timeout.js';

/** Makes what a policy stands around, whichever of the two it is; anew each time but the first. */
export type Inside = (key: string) => Policy & Guard;

/** How policies of one kind are made of data. */
export interface PolicyKind {
  /** Checks the options by itself, as its constructor does. */
  readonly make: (options: never, inside: Inside) => Policy<never, unknown> | Guard;
  /** What it stands around, given as `policy`: a guard, a policy or a list, or one of these for each key. */
  readonly around?: 'guard' | 'policy' | 'keys';
  /** Options that may hold functions: data names them. */
  readonly functions?: readonly string[];
  /** What `describe()` tells beyond the options; without effect in a config. */
  readonly told?: readonly string[];
  /** Options whose data is taken as it is: `null` is no limit that there is not, a list no list of names. */
  readonly verbatim?: readonly string[];
  /** Whether it takes a source of chance. */
  readonly random?: boolean;
}

/** By the `kind` of their `describe()`. A new policy needs its line here, and `pipelineFrom` knows it. */
export const policyKinds: Readonly<Record<string, PolicyKind>> = {
  'adaptive-limiter': {
    make: options => new AdaptiveLimiter(options),
    functions: ['partitionOf', 'overload', 'classify'],
  },
  'adaptive-throttle': {
    make: options => new AdaptiveThrottle(options),
    functions: ['classify'],
    random: true,
  },
  bulkhead: { make: options => new Bulkhead(options) },
  cache: {
    make: options => new Cache(options),
    functions: ['ttlMs', 'negativeTtlMs', 'key', 'onEvict'],
    random: true,
  },
  chaos: {
    make: options => new Chaos(options),
    functions: ['fault', 'outcome', 'enabled'],
    random: true,
  },
  'circuit-breaker': {
    make: options => new CircuitBreaker(options),
    functions: ['trip', 'retryAfterMs', 'classify'],
    random: true,
  },
  coalesce: { make: options => new Coalesce(options), functions: ['key'] },
  fallback: {
    make: options => new Fallback(options),
    functions: ['run', 'classify'],
    told: ['steps'],
    verbatim: ['value'],
  },
  hedge: {
    make: options => new Hedge(options),
    functions: ['delayMs', 'endpoints', 'classify', 'onDiscard'],
    verbatim: ['endpoints'],
  },
  keyed: {
    make: (options, inside) => keyed(inside as (key: string) => Guard, options),
    functions: ['key'],
    around: 'keys',
  },
  'rate-limiter': { make: options => new RateLimiter(options), functions: ['cost'] },
  retry: {
    make: options => new Retry(options),
    functions: ['classify', 'onDiscard'],
    told: ['amplification'],
    random: true,
  },
  shadow: {
    make: (options, inside) => shadow(inside(SHARED), options),
    around: 'guard',
    random: true,
  },
  streamed: { make: (options, inside) => streamed(inside(SHARED), options), around: 'policy' },
  timeout: { make: options => new Timeout(options) },
};
