import { entryOf, type SagaState } from '../core/saga-state.js';
import type { SagaData, SagaNode } from './saga-node.js';

/** How each kind of node is drawn: what stands before and after its name. */
const shapes: Readonly<Record<SagaNode['kind'], readonly [string, string]>> = {
  step: ['[', ']'],
  pivot: ['{{', '}}'],
  sleep: ['([', '])'],
  event: ['>', ']'],
  lock: ['[/', '/]'],
  saga: ['[[', ']]'],
};

/** A name that Mermaid takes for one: letters, digits and underscores, and none of its own words. */
const idOf = (at: number): string => `s${at}`;

/**
 * A saga as a flowchart of Mermaid: what waits for what, which steps are undone (dotted, against the order),
 * and, with the state of a running one, how far it has come.
 */
export function sagaToMermaid(saga: SagaData, state?: SagaState): string {
  const { nodes } = saga.plan;
  const lines = ['flowchart TD'];
  for (const [at, { name, kind, undo }] of nodes.entries()) {
    const [open, close] = shapes[kind];
    const reached = state === undefined ? '' : ` · ${stateOf(state, name)}`;
    lines.push(`  ${idOf(at)}${open}"${name}${reached}"${close}`);
    if (undo) lines.push(`  ${idOf(at)} -. undo .-> u${at}("undo ${name}")`);
  }
  for (const [at, { after }] of nodes.entries()) {
    for (const before of after) lines.push(`  ${idOf(before)} --> ${idOf(at)}`);
  }
  return `${lines.join('\n')}\n`;
}

function stateOf(state: SagaState, step: string): string {
  const entry = entryOf(state, step);
  if (entry.stuck) return 'stuck';
  if (entry.state !== undefined) return entry.state;
  return entry.attempts === undefined ? 'not begun' : `tried ${entry.attempts} times`;
}
