import type { Context } from '../kernel/context.js';
import type { Operation } from '../kernel/policy.js';

/** Starts an operation: what it throws comes as a rejection, and a thenable comes as a promise. */
export function launch<T>(operation: Operation<T>, context: Context): Promise<T> {
  try {
    return Promise.resolve(operation(context));
  } catch (error) {
    return Promise.reject(error);
  }
}
