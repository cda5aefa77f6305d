import { entryOf } from '../../core/saga-state.js';
import type { SagaData } from '../../saga/saga-node.js';
import { isEffect } from '../../saga/saga-node.js';
import type { SagaRecord } from '../../saga/saga-store.js';
import type { SagaLedger } from './saga-ledger.js';

/** Why the end of a saga does not fit what its participants have seen; `undefined` where it does. */
export function verdictOn(definition: SagaData, record: SagaRecord, ledger: SagaLedger): string | undefined {
  for (const node of definition.nodes) {
    if (!isEffect(node)) continue;
    const { name } = node;
    const { applied, undone } = ledger.entry(name);
    const { state, reason } = entryOf(record.state, name);
    if (applied > 1) return `${name} had its effect ${applied} times`;
    if (state === 'done' && applied === 0) return `${name} is done, it says, and had no effect`;
    const decided = reason !== undefined;
    switch (record.status) {
      case 'completed':
        if (undone > 0) return `it is completed, and ${name} was undone`;
        if (applied === 0 && state !== 'skipped') return `it is completed, and ${name} had no effect`;
        break;
      case 'compensated':
        if (node.undo && applied > undone && !decided) return `it is undone, and the effect of ${name} stays`;
        if (node.kind === 'pivot' && applied > 0) return `it is undone, and the pivot ${name} had its effect`;
        break;
      case 'parked':
        break;
      default:
        return `it has come to no end: ${record.status}`;
    }
  }
  return undefined;
}
