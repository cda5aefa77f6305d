import { isPolicy } from '../../kernel/is-guard.js';
import { refuse } from '../../kernel/options.js';
import type { Policy } from '../../kernel/policy.js';

/** A method that answers with a promise. */
export type AsyncMethod<This, Args extends readonly unknown[], T> = (this: This, ...args: Args) => Promise<T>;

/** What `guardedBy` makes: a decorator of methods, in both forms that TypeScript knows. */
export interface PolicyDecorator<This, In, Out> {
  /** As TC39 has it, which is what TypeScript does by itself. */
  <Args extends readonly unknown[], T extends In>(
    method: AsyncMethod<This, Args, T>,
    context: { readonly kind: 'method'; readonly name: string | symbol },
  ): AsyncMethod<This, Args, T | Out>;
  /** As `experimentalDecorators` has it. */
  <Args extends readonly unknown[], T extends In>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<AsyncMethod<This, Args, T>>,
  ): TypedPropertyDescriptor<AsyncMethod<This, Args, T | Out>>;
}

type AnyMethod = (this: unknown, ...args: unknown[]) => Promise<unknown>;
type AnyPolicy = Policy<unknown, unknown>;

interface Metadata {
  getOwnMetadataKeys?(target: object): readonly unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

/** What other decorators have noted on the method (`@Get` of Nest does) has to be found on the new one. */
function keepNotes(from: AnyMethod, to: AnyMethod): void {
  const notes = Reflect as Metadata;
  for (const key of notes.getOwnMetadataKeys?.(from) ?? []) {
    notes.defineMetadata?.(key, notes.getOwnMetadata?.(key, from), to);
  }
}

function through(method: AnyMethod, policyOf: (self: unknown) => unknown): AnyMethod {
  const guarded: AnyMethod = function (...args) {
    let policy: unknown;
    try {
      policy = checkPolicy('the policy of an instance', policyOf(this));
    } catch (error) {
      return Promise.reject(error);
    }
    return (policy as AnyPolicy).execute(() => method.apply(this, args));
  };
  Object.defineProperty(guarded, 'name', { value: method.name, configurable: true });
  Object.defineProperty(guarded, 'length', { value: method.length, configurable: true });
  keepNotes(method, guarded);
  return guarded;
}

/** @throws TypeError for what is no policy. */
export function checkPolicy(option: string, policy: unknown): unknown {
  if (isPolicy(policy)) return policy;
  return refuse('keelson/nestjs', option, 'a policy', policy);
}

/**
 * Runs the calls of a method through a policy: one policy for all instances, or the one that a function finds
 * in the instance. What the policy answers is what the method answers.
 *
 * The method is not handed the context of the call, since its parameters are its own: what has to stop by
 * itself at a deadline, or needs the `signal`, is better made by `wrap`.
 *
 * @throws TypeError when it is given neither a policy nor a function, or decorates what is no method.
 * @example
 * ```ts
 * import { CircuitBreaker } from 'keelson';
 * import { guardedBy } from 'keelson/nestjs';
 *
 * const breaker = new CircuitBreaker({ name: 'stock' });
 *
 * class Stock {
 *   @guardedBy(breaker)
 *   async countOf(sku: string): Promise<number> {
 *     return (await fetch(`https://stock.example/${sku}`)).status;
 *   }
 * }
 * ```
 */
export function guardedBy<This = unknown, In = unknown, Out = never>(
  policy: Policy<In, Out> | ((self: This) => Policy<In, Out>),
): PolicyDecorator<This, In, Out> {
  const policyOf = typeof policy === 'function' ? (policy as (self: unknown) => unknown) : () => policy;
  if (typeof policy !== 'function') checkPolicy('policy', policy);
  const decorate = (target: unknown, _key: unknown, descriptor?: { value?: unknown }): unknown => {
    const method = descriptor === undefined ? target : descriptor.value;
    if (typeof method !== 'function') refuse('guardedBy', 'target', 'a method', method);
    const guarded = through(method as AnyMethod, policyOf);
    return descriptor === undefined ? guarded : { ...descriptor, value: guarded };
  };
  return decorate as PolicyDecorator<This, In, Out>;
}
