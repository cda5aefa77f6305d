/** What a node of a plan is: an effect of the user's, or something that the saga waits for. */
export type NodeKind = 'step' | 'pivot' | 'sleep' | 'event' | 'lock' | 'saga';

/** A node as it was defined. */
export interface NodeSpec {
  /** Unique within the saga. */
  readonly name: string;
  /** What it does, or waits for. */
  readonly kind: NodeKind;
  /** Positions of the nodes that have to be over before it begins; all of them come before it. */
  readonly after: readonly number[];
  /** Whether there is something to undo when it ran. */
  readonly undo: boolean;
  /** Whether a mark is written before it begins, so that one that only waited for its turn is not undone. */
  readonly marked: boolean;
  /** Whether it may run again when nobody knows whether it ran. */
  readonly repeatable: boolean;
}

/** A node with its place among the others. */
export interface PlanNode extends NodeSpec {
  /** Positions of all nodes that depend on it, however far. */
  readonly dependents: readonly number[];
  /** Whether it comes after the pivot, so that the only way out of its failure is forward. */
  readonly retriable: boolean;
}

/** The nodes of a saga in an order in which they can run, one by one. */
export interface SagaPlan {
  /** Each after those that it waits for. */
  readonly nodes: readonly PlanNode[];
  /** The position of the node after which nothing is undone any more; -1 for none. */
  readonly pivot: number;
  /** The position of each name. */
  readonly positions: ReadonlyMap<string, number>;
}

/** Works out who depends on whom. The order of `specs` is taken as it is: the caller has checked it. */
export function sagaPlan(specs: readonly NodeSpec[]): SagaPlan {
  const pivot = specs.findIndex(({ kind }) => kind === 'pivot');
  const dependents = specs.map(() => new Set<number>());
  // From the last to the first: whoever depends on a node is known before the node is.
  for (const at of [...specs.keys()].reverse()) {
    for (const before of specs[at]!.after) {
      dependents[before]!.add(at);
      for (const far of dependents[at]!) dependents[before]!.add(far);
    }
  }
  const nodes = specs.map((spec, at) => ({
    ...spec,
    dependents: [...dependents[at]!].sort((a, b) => a - b),
    retriable: pivot >= 0 && at > pivot,
  }));
  return { nodes, pivot, positions: new Map(specs.map(({ name }, at) => [name, at])) };
}

/**
 * Why nodes stand in no order that a saga can keep; `undefined` where they do. Before the pivot everything
 * can be undone, after it nothing can fail for good: so each node is wholly before it or wholly after it.
 */
export function planObjection(specs: readonly NodeSpec[]): string | undefined {
  const { nodes, pivot } = sagaPlan(specs);
  if (pivot < 0) return undefined;
  if (nodes.some(({ kind }, at) => kind === 'pivot' && at !== pivot)) return 'there is one pivot at most';
  const after = new Set(nodes[pivot]!.dependents);
  for (const [at, node] of nodes.entries()) {
    if (at < pivot && !node.dependents.includes(pivot)) {
      return `"${node.name}" must be over before the pivot "${nodes[pivot]!.name}" begins`;
    }
    if (at > pivot && !after.has(at)) {
      return `"${node.name}" must not begin before the pivot "${nodes[pivot]!.name}" is over`;
    }
    if (at > pivot && node.undo) return `"${node.name}" comes after the pivot, and so is never undone`;
  }
  return undefined;
}
