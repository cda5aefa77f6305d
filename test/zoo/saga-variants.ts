import { type Variant, variantsOf } from './variant.js';

export const sagaVariants: readonly Variant[] = variantsOf('saga', 'model/saga-exhaustive', [
  [
    'a step begins before what it comes after is over',
    '    for (const at of node.after) if (!isOver(entryOf(state, plan.nodes[at]!.name))) return false;\n',
    '',
  ],
  [
    'a step is undone before those that depend on it',
    '    if (hasEffect(dependent, entryOf(state, dependent.name))) return false;\n',
    '',
  ],
  ['what may have run is not undone', "state: maybe ? 'unknown' : 'failed', error", "state: 'failed', error"],
  [
    'a pivot that may have run turns the saga back',
    "return !node.retriable && !(node.kind === 'pivot' && maybe);",
    'return !node.retriable;',
  ],
  [
    'a step after the pivot turns the saga back',
    "return !node.retriable && !(node.kind === 'pivot'",
    "return !(node.kind === 'pivot'",
  ],
  [
    'nobody remembers that a worker was lost',
    "const maybe = after.direction === 'forward' && { maybe: true as const };",
    'const maybe = {};',
  ],
  [
    'what runs beside the step that failed is not undone',
    'if (entry.maybe || begun?.includes(node.name)) return true;',
    'if (entry.maybe) return true;',
  ],
  ['a saga is cancelled while its pivot runs', ' && !isNext(plan, state, pivot, entry);', ';'],
  [
    'a saga that is parked is cancelled in vain',
    "if (status !== 'running') return false;",
    "if (state.direction === 'backward' || status === 'completed') return false;",
  ],
  [
    'a step is undone for its mark alone',
    "return node.kind === 'saga' && entry.state === 'started';",
    "return entry.state === 'started';",
  ],
  [
    'a mark does not count when a worker is lost',
    'return dueAt <= now && (!marked || reached !== undefined);',
    'return dueAt <= now && !marked;',
  ],
  [
    'an attempt that may have run is forgotten with the next',
    '    ...(maybe !== undefined && { maybe }),\n',
    '',
  ],
  ['what is stuck is tried for ever', 'entry.stuck || !isNext(', '!isNext('],
]);
