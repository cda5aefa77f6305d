import { keyShare } from '../core/key-share.js';
import type { NodeSpec } from '../core/saga-plan.js';
import type { SagaNode } from './saga-node.js';

/** Names, kinds and order, and nothing of what the functions do: that nobody can see. */
export function hashOf(name: string, nodes: readonly SagaNode[]): string {
  const shape = nodes.map((node: NodeSpec) => [node.name, node.kind, node.after, node.undo, node.marked]);
  const text = JSON.stringify([name, shape]);
  const half = (salt: string): string => (keyShare(salt + text) * 2 ** 32).toString(16).padStart(8, '0');
  return half('a') + half('b');
}
