import type { Guard, Policy } from '../kernel/policy.js';
import { Bulkhead } from './bulkhead.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { Fallback } from './fallback.js';
import { Retry } from './retry.js';
import { Timeout } from './timeout.js';

/** How policies of one kind are made of data. */
export interface PolicyKind {
  /** Checks the options by itself, as its constructor does. */
  readonly make: (options: never) => Policy<never, unknown> | Guard;
  /** Options that hold functions: data names them. */
  readonly functions?: readonly string[];
  /** What `describe()` tells beyond the options; without effect in a config. */
  readonly told?: readonly string[];
  /** Options in which `null` is null, and not a limit that there is not. */
  readonly verbatim?: readonly string[];
  /** Whether it takes a source of chance. */
  readonly random?: boolean;
}

/** By the `kind` of their `describe()`. A new policy needs its line here, and `pipelineFrom` knows it. */
export const policyKinds: Readonly<Record<string, PolicyKind>> = {
  bulkhead: { make: options => new Bulkhead(options) },
  'circuit-breaker': {
    make: options => new CircuitBreaker(options),
    functions: ['trip', 'retryAfterMs', 'classify'],
    random: true,
  },
  fallback: {
    make: options => new Fallback(options),
    functions: ['run', 'classify'],
    told: ['steps'],
    verbatim: ['value'],
  },
  retry: {
    make: options => new Retry(options),
    functions: ['classify', 'onDiscard'],
    told: ['amplification'],
    random: true,
  },
  timeout: { make: options => new Timeout(options) },
};
