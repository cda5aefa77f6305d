import { defineSaga } from '../../../src/saga/definition.js';
import type { SagaData } from '../../../src/saga/saga-node.js';
import type { StepContext } from '../../../src/saga/step-context.js';
import type { Mistake } from './mistakes.js';
import type { Shape, ShapeInput, ShapeNode } from './shape.js';

/** What the steps of a saga do: the worker that runs them sends them over the network. */
export interface Caller {
  send(shape: Shape, node: ShapeNode, call: StepContext<ShapeInput, object>): Promise<unknown>;
  ask(node: ShapeNode, call: StepContext<ShapeInput, object>): Promise<{ ran: boolean; output: unknown }>;
}

/** A definition whose types are not known before it runs. */
interface Loose extends SagaData {
  step(name: string, options: object): Loose;
  parallel(group: object): Loose;
  pivot(name: string, options: object): Loose;
  sleep(name: string, ms: number): Loose;
  waitForEvent(name: string, options: object): Loose;
  lock(name: string, lock: () => string, options: object): Loose;
  saga(name: string, child: SagaData, input: () => ShapeInput): Loose;
}

export const TIMEOUT_MS = 3_000;
const backoff = { kind: 'constant', delayMs: 400 } as const;
const patient = { retry: { attempts: 8, maxElapsedMs: Infinity, backoff }, timeoutMs: TIMEOUT_MS };

function optionsOf(shape: Shape, node: ShapeNode, caller: Caller, pivots: boolean): object {
  const send = (call: StepContext<ShapeInput, object>): Promise<unknown> => caller.send(shape, node, call);
  const { kind, checks, nullSafe, undo } = node;
  const tail = kind === 'tail' && pivots;
  const all = {
    ...(tail ? patient : { retry: { attempts: 3, backoff }, timeoutMs: TIMEOUT_MS }),
    forward: send,
    ...(checks && { check: (call: StepContext<ShapeInput, object>) => caller.ask(node, call) }),
  };
  if (tail || (kind === 'pivot' && pivots)) return all;
  return {
    ...all,
    when: ({ input }: { readonly input: ShapeInput }) => !input.skip.includes(node.name),
    ...(undo ? { compensate: send, compensation: patient } : { compensate: 'nothing' }),
    nullSafe,
    ...(node.says && { after: node.after }),
  };
}

/** The sagas of a run: that of its first shape, and the one within it if there is one. */
export function definitionsOf(
  [shape, childShape]: readonly Shape[],
  caller: Caller,
  mistake: Mistake | undefined,
): readonly SagaData[] {
  const pivots = mistake !== 'a pivot like any other step';
  const child = childShape && definitionOf(childShape, undefined, caller, pivots);
  const parent = definitionOf(shape!, child, caller, pivots);
  const all = child === undefined ? [parent] : [parent, child];
  if (mistake === 'no order of undoing') {
    for (const { plan } of all) for (const node of plan.nodes) Object.assign(node, { dependents: [] });
  }
  return all;
}

/** Without `pivots` the step that decides is one like any other. */
function definitionOf(shape: Shape, child: SagaData | undefined, caller: Caller, pivots: boolean): SagaData {
  const { name, concurrency, nodes } = shape;
  let saga = defineSaga<ShapeInput>(name, { concurrency }) as unknown as Loose;
  const grouped = new Set<number>();
  for (const node of nodes) {
    const { group, kind, ms, onTimeout } = node;
    if (group !== undefined) {
      if (grouped.has(group)) continue;
      grouped.add(group);
      const beside = nodes.filter(one => one.group === group);
      const entries = beside.map(one => [one.name, optionsOf(shape, one, caller, pivots)]);
      saga = saga.parallel(Object.fromEntries(entries));
    } else if (kind === 'sleep') saga = saga.sleep(node.name, ms);
    else if (kind === 'event') saga = saga.waitForEvent(node.name, { event: 'go', timeoutMs: ms, onTimeout });
    else if (kind === 'lock') saga = saga.lock(node.name, () => 'the only one', { timeoutMs: ms });
    else if (kind === 'saga') saga = saga.saga(node.name, child!, () => ({ skip: [], bad: undefined }));
    else {
      const verb = kind === 'pivot' && pivots ? 'pivot' : 'step';
      saga = saga[verb](node.name, optionsOf(shape, node, caller, pivots));
    }
  }
  return saga;
}
