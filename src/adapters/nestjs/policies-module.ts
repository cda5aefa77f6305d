import { refuse } from '../../kernel/options.js';
import type { Policy } from '../../kernel/policy.js';
import { checkPolicy } from './guarded-by.js';

/** The token by which Nest injects the policy of that name. */
export const policyToken = (name: string): string => `keelson:${name}`;

/** What a module of policies may be told. */
export interface PoliciesModuleOptions {
  /** Whether all modules have its policies without importing it. @default true */
  readonly global?: boolean;
}

/** A policy that Nest injects by its token. */
export interface PolicyProvider {
  /** What `@Inject` names. */
  readonly provide: string;
  /** The policy. */
  readonly useValue: Policy<never, unknown>;
}

/** A dynamic module of Nest. */
export interface PoliciesModule {
  /** The class of the module. */
  readonly module: new () => object;
  /** Whether all modules have its policies. */
  readonly global: boolean;
  /** The policies. */
  readonly providers: PolicyProvider[];
  /** The tokens of the policies. */
  readonly exports: string[];
}

type Ending = { [Symbol.dispose]?(): void; [Symbol.asyncDispose]?(): PromiseLike<void> };

/** A failure of one keeps no other open. */
async function end(policies: readonly unknown[]): Promise<void> {
  const failures: unknown[] = [];
  for (const policy of new Set(policies) as Set<Ending>) {
    try {
      await policy[Symbol.asyncDispose]?.();
      if (policy[Symbol.asyncDispose] === undefined) policy[Symbol.dispose]?.();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'policies that could not be ended');
}

/**
 * A module of NestJS that provides policies by name, for `@Inject(policyToken('stock'))`. When the
 * application ends, those of them that own something are disposed.
 *
 * @throws TypeError for what is no policy, or no option.
 * @example
 * ```ts
 * import { CircuitBreaker, Timeout } from 'keelson';
 * import { policiesModule } from 'keelson/nestjs';
 *
 * const policies = policiesModule({
 *   stock: new CircuitBreaker({ name: 'stock' }),
 *   search: new Timeout({ timeoutMs: 500 }),
 * });
 * // @Module({ imports: [policies] })
 * policies.exports; // => ['keelson:stock', 'keelson:search']
 * ```
 */
export function policiesModule(
  policies: Readonly<Record<string, Policy<never, unknown>>>,
  options: PoliciesModuleOptions = {},
): PoliciesModule {
  if (typeof policies !== 'object' || policies === null) {
    refuse('policiesModule', 'policies', 'an object of policies', policies);
  }
  const { global = true } = options;
  if (typeof global !== 'boolean') refuse('policiesModule', 'global', 'a boolean', global);
  for (const [name, policy] of Object.entries(policies)) checkPolicy(`policies.${name}`, policy);
  const providers = Object.entries(policies).map(([name, useValue]) => ({
    provide: policyToken(name),
    useValue,
  }));
  class Policies {
    onApplicationShutdown(): Promise<void> {
      return end(Object.values(policies));
    }
  }
  return { module: Policies, global, providers, exports: providers.map(({ provide }) => provide) };
}
