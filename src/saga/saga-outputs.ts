import type { SagaEvent, SagaState } from '../core/saga-state.js';

/** By name, what the steps that are done have answered. */
export function outputsOf({ entries }: SagaState): Readonly<Record<string, unknown>> {
  const outputs: Record<string, unknown> = {};
  for (const step of Object.keys(entries)) {
    const { state, output } = entries[step]!;
    if (state === 'done' && output !== undefined) outputs[step] = output;
  }
  return outputs;
}

/** Whether an event makes them others than they were. */
export function changesOutputs(event: SagaEvent, outputs: Readonly<Record<string, unknown>>): boolean {
  if (event.kind === 'done') return event.output !== undefined;
  return event.kind === 'undone' && Object.hasOwn(outputs, event.step);
}
