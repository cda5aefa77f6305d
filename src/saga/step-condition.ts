import type { SagaEvent } from '../core/saga-state.js';
import { errorText } from '../kernel/error-words.js';
import { checkFlag } from '../kernel/options.js';
import type { EffectNode } from './saga-node.js';
import type { SagaView } from './step-context.js';

/** What becomes of a step whose condition does not hold, or says nothing; `undefined`: it runs. */
export function unmetCondition(
  { name: step, when }: EffectNode,
  view: SagaView<never, never>,
): SagaEvent | undefined {
  try {
    const answer: unknown = when?.(view) ?? true;
    // A promise would always hold.
    if (checkFlag(`step ${step}`, 'when', answer)) return undefined;
    return { kind: 'skipped', step };
  } catch (error) {
    return { kind: 'failed', step, error: errorText(error) };
  }
}
