import type { CompensableGroupStep } from './step-options.js';

/** A step of a group of which the types know what it answers. */
export interface KnownGroupStep<Input, Outputs, Output>
  extends Omit<CompensableGroupStep<Input, Outputs>, 'forward'> {
  /** Has the effect, and answers with JSON data, or nothing. */
  readonly forward: (
    ...given: Parameters<CompensableGroupStep<Input, Outputs>['forward']>
  ) => PromiseLike<Output> | Output;
}

/**
 * A step of a group as it is, whose `compensate` and `check` are told by their types what its `forward`
 * answers: within the object of a group, the compiler cannot find that out.
 *
 * @example
 * ```ts
 * import { defineSaga, groupStep } from 'keelson/saga';
 *
 * declare const card: { charge(cents: number, key: string): Promise<{ id: string }>; refund(id: string):
 * Promise<void> };
 *
 * const order = defineSaga<{ cents: number }>('order').parallel({
 *   charge: groupStep({
 *     forward: ({ input, idempotencyKey }) => card.charge(input.cents, idempotencyKey),
 *     compensate: ({ output }) => (output === undefined ? undefined : card.refund(output.id)),
 *   }),
 *   note: { forward: () => {}, compensate: 'nothing' },
 * });
 * order.describe().steps.length; // => 2
 * ```
 */
export function groupStep<Input, Outputs, Output>(
  step: CompensableGroupStep<Input, Outputs, Output> & { readonly when?: never },
): KnownGroupStep<Input, Outputs, Output>;
export function groupStep<Input, Outputs, Output>(
  step: CompensableGroupStep<Input, Outputs, Output>,
): KnownGroupStep<Input, Outputs, Output> & Required<Pick<CompensableGroupStep<Input, Outputs>, 'when'>>;
export function groupStep(step: object): never {
  return step as never;
}
