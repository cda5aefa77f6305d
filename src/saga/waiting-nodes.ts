import { checkKeys, checkNumber, checkOneOf, refuse } from '../kernel/options.js';
import { isSchema } from '../kernel/schema-issues.js';
import type { StandardSchema } from '../kernel/standard-schema.js';
import type { ChildNode, EventNode, LockNode, SagaData, SleepNode } from './saga-node.js';

/** How a saga waits for a signal. */
export interface WaitOptions<Schema extends StandardSchema | undefined = undefined> {
  /** The name of the signal. @default the name of the step */
  readonly event?: string;
  /** How long to wait, in ms; `Infinity` for ever. @default Infinity */
  readonly timeoutMs?: number;
  /**
   * What a signal that does not come means: the saga turns back, or goes on with `undefined`. @default 'fail'
   */
  readonly onTimeout?: 'fail' | 'continue';
  /** Checks the payload before it is kept. @default anything that JSON holds */
  readonly schema?: Schema;
}

/** How a saga waits for a lock. */
export interface LockOptions {
  /** How long to wait, in ms; then the saga turns back. @default 60000 */
  readonly timeoutMs?: number;
  /** How long a saga that was parked keeps it, in ms. @default 60000 */
  readonly leaseMs?: number;
}

const common = { undo: false, marked: false, repeatable: true } as const;

/** @throws TypeError or RangeError that names the step, the rule and the value. */
export function sleepNode(owner: string, name: string, after: readonly number[], ms: unknown): SleepNode {
  if (typeof ms === 'function') return { kind: 'sleep', name, after, ...common, ms: ms as SleepNode['ms'] };
  const fixed = checkNumber(owner, 'ms', ms, { min: 0, max: Number.MAX_SAFE_INTEGER });
  return { kind: 'sleep', name, after, ...common, ms: () => fixed };
}

/** @throws TypeError or RangeError that names the step, the option, the rule and the value. */
export function eventNode(
  owner: string,
  name: string,
  after: readonly number[],
  options: WaitOptions<StandardSchema | undefined>,
): EventNode {
  checkKeys(owner, options, ['event', 'timeoutMs', 'onTimeout', 'schema']);
  const { event = name, timeoutMs = Infinity, onTimeout = 'fail', schema } = options;
  if (typeof event !== 'string' || event === '') refuse(owner, 'event', 'a name', event);
  if (schema !== undefined && !isSchema(schema)) refuse(owner, 'schema', 'a Standard Schema', schema);
  return {
    kind: 'event',
    name,
    after,
    ...common,
    event,
    timeoutMs: checkNumber(owner, 'timeoutMs', timeoutMs, { min: 0, infinity: true }),
    onTimeout: checkOneOf(owner, 'onTimeout', onTimeout, ['fail', 'continue']),
    schema,
  };
}

/** @throws TypeError or RangeError that names the step, the option, the rule and the value. */
export function lockNode(
  owner: string,
  name: string,
  after: readonly number[],
  lock: unknown,
  options: LockOptions,
): LockNode {
  checkKeys(owner, options, ['timeoutMs', 'leaseMs']);
  if (typeof lock !== 'function') refuse(owner, 'lock', 'a function', lock);
  const { timeoutMs = 60_000, leaseMs = 60_000 } = options;
  return {
    kind: 'lock',
    name,
    after,
    ...common,
    lock: lock as LockNode['lock'],
    timeoutMs: checkNumber(owner, 'timeoutMs', timeoutMs, { min: 0, infinity: true }),
    leaseMs: checkNumber(owner, 'leaseMs', leaseMs, { min: 1, max: Number.MAX_SAFE_INTEGER }),
  };
}

/** @throws TypeError that names the step, the rule and the value. */
export function childNode(
  owner: string,
  name: string,
  after: readonly number[],
  child: SagaData,
  input: unknown,
  retriable: boolean,
): ChildNode {
  if (typeof input !== 'function') refuse(owner, 'input', 'a function', input);
  const { name: childName, version, hash, plan } = child;
  return {
    kind: 'saga',
    name,
    after,
    ...common,
    undo: !retriable,
    // So that whoever turns back knows whether there may be one.
    marked: true,
    child: { name: childName, version, hash, pivoted: plan.pivot >= 0 },
    childInput: input as ChildNode['childInput'],
  };
}
