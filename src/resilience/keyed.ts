import { isGuard } from '../kernel/is-guard.js';
import type { Guard, Policy } from '../kernel/policy.js';
import { GuardPerKey } from './keyed-guard.js';
import type { KeyedOptions } from './keyed-options.js';
import { type KeyedGuard, type KeyedPolicy, PolicyPerKey } from './keyed-policy.js';
import { KeyedTable } from './keyed-table.js';

/**
 * Makes a policy for each key (a host, a tenant) when the key is first used, and one policy of all of them.
 * Where they are guards it is a guard, and is fused with its neighbours.
 *
 * At most `maxKeys` are kept. When there is no room the key that was not used for longest is forgotten, but
 * never one that is not at rest: with a call in flight, an open breaker, a taken slot, whatever the policy
 * says by `atRest`. When all keys are busy, calls of further keys go through one shared policy until there is
 * room. It is made at once, for the key `'*'`, so that wrong options are refused here.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 * @example
 * ```ts
 * import { CircuitBreaker, keyed } from 'keelson';
 *
 * const breakers = keyed(host => new CircuitBreaker({ name: host }), { maxKeys: 1_000 });
 * await breakers.execute(({ key }) => `answer of ${key}`, { key: 'a.example' }); // => 'answer of a.example'
 * breakers.peek('a.example')?.state; // => 'closed'
 * ```
 */
export function keyed<G extends Guard<never> | Guard>(
  factory: (key: string) => G,
  options: KeyedOptions,
): KeyedGuard<G>;
export function keyed<P extends Policy<never, unknown>>(
  factory: (key: string) => P,
  options: KeyedOptions,
): KeyedPolicy<P>;
export function keyed(factory: (key: string) => object, options: KeyedOptions): unknown {
  const table = new KeyedTable(factory, options);
  return isGuard(table.shared.instance)
    ? new GuardPerKey(table as KeyedTable<Guard>)
    : new PolicyPerKey(table as KeyedTable<Policy>);
}
