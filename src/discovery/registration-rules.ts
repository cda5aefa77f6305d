import type { Clock } from '../kernel/clock.js';
import { checkKeys, checkNumber, given } from '../kernel/options.js';
import type { Random } from '../kernel/random.js';
import type { RegistryStore } from './registry-store.js';
import type { RegisterOptions, Registration } from './service-registry.js';

/** What a registration has of its registry. */
export interface RegistrationParts {
  readonly registry: string;
  readonly store: RegistryStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly maxMetadataBytes: number;
  readonly onClosed: (registration: Registration) => void;
}

/** What a registration goes by. */
export interface RegistrationRules {
  readonly ttlMs: number;
  readonly heartbeatMs: number;
  readonly jitterRatio: number;
  readonly drainMs: number;
  readonly incarnation: number | undefined;
  /** How long the store may take to answer. */
  readonly answerMs: number;
}

/** What stands where an option was left out. */
export const registerDefaults: {
  readonly ttlMs: number;
  readonly jitterRatio: number;
  readonly drainMs: number;
} = /* @__PURE__ */ Object.freeze({ ttlMs: 30_000, jitterRatio: 0.2, drainMs: 5_000 });

const LONGEST_MS = 2 ** 40;
/** Nobody waits longer for a store. */
const LONGEST_ANSWER_MS = 5_000;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkRegister(options: RegisterOptions): RegistrationRules {
  const owner = 'register';
  checkKeys(owner, options, ['ttlMs', 'heartbeatMs', 'jitterRatio', 'drainMs', 'incarnation']);
  const { ttlMs, jitterRatio, drainMs, incarnation, heartbeatMs } = {
    ...{ heartbeatMs: undefined, incarnation: undefined },
    ...registerDefaults,
    ...given(options),
  };
  checkNumber(owner, 'ttlMs', ttlMs, { min: 10, max: LONGEST_MS });
  const beatMs = heartbeatMs ?? ttlMs / 3;
  checkNumber(owner, 'heartbeatMs', beatMs, { above: 0, max: ttlMs / 2 });
  checkNumber(owner, 'jitterRatio', jitterRatio, { min: 0, max: 0.9 });
  checkNumber(owner, 'drainMs', drainMs, { min: 0, max: LONGEST_MS });
  if (incarnation !== undefined) checkNumber(owner, 'incarnation', incarnation, { min: 0, integer: true });
  return {
    ttlMs,
    jitterRatio,
    drainMs,
    incarnation,
    heartbeatMs: beatMs,
    answerMs: Math.min(beatMs, LONGEST_ANSWER_MS),
  };
}
