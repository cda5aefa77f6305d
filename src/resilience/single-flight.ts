import { Flights } from '../core/flights.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { DeadlineError } from '../kernel/errors.js';
import { show } from '../kernel/options.js';
import type { Operation } from '../kernel/policy.js';
import { launch } from './launch.js';
import { type RunBoard, SharedRun } from './shared-run.js';

/** The key of a call; a call without one is kept apart from all others. */
export type CallKey = (context: Context) => string | undefined;

/** Lets calls of one key share one run, at most `maxKeys` runs at a time. */
export class SingleFlight implements RunBoard {
  readonly name: string;
  readonly flights: Flights<SharedRun>;
  /** Runs that were begun to be shared, and callers who joined one. */
  started = 0;
  joined = 0;
  /** Calls that ran by themselves although they had a key. */
  alone = 0;
  /** Tells of a run that was given up because all of its callers had left. */
  readonly abandoned: (run: SharedRun, reason: unknown) => void;

  constructor(name: string, maxKeys: number, abandoned: (run: SharedRun, reason: unknown) => void) {
    this.name = name;
    this.flights = new Flights(maxKeys);
    this.abandoned = abandoned;
  }

  /** Answers with the run of this key, a new one if there is none. `call` has not been given up. */
  share<T>(key: string, operation: Operation<T>, call: CallContext, keepAlive = true): Promise<T> {
    const { flights, name } = this;
    if (call.deadline < Infinity && call.remainingMs() === 0) {
      return Promise.reject(new DeadlineError(`${name}: the deadline has passed`, { policy: name }));
    }
    const run = flights.get(key);
    if (run === undefined ? flights.isFull : wouldWaitForItself(run, call)) {
      this.alone++;
      return launch(operation, call);
    }
    // One key stands for one kind of answer: see the policies.
    if (run !== undefined) {
      this.joined++;
      return run.join(call) as Promise<T>;
    }
    this.started++;
    const first = new SharedRun(this, key, call);
    flights.start(first);
    return first.start(operation, call, keepAlive) as Promise<T>;
  }
}

/**
 * Whether the call is made by the very run that it would join: while that run starts, or with its context.
 */
function wouldWaitForItself(run: SharedRun, call: CallContext): boolean {
  if (run.answer === undefined) return true;
  for (let at: CallContext | undefined = call; at !== undefined; at = at.parent) if (at === run) return true;
  return false;
}

/** What a caller says the key is, before anything else that it says is looked at. */
export function saidKey(options: CallOptions | Context | undefined): string | undefined {
  try {
    const key: unknown = options?.key;
    return typeof key === 'string' ? key : undefined;
  } catch {
    // A getter of the caller's throws: where the options are copied it does so again, and is heard.
    return undefined;
  }
}

/** @throws TypeError when the user's function answers something else: two calls must not meet by accident. */
export function keyFor(owner: string, keyOf: CallKey | undefined, call: CallContext): string | undefined {
  const key: unknown = keyOf === undefined ? call.key : keyOf(call);
  if (key === undefined || typeof key === 'string') return key;
  throw new TypeError(`${owner}: \`key\` must answer a string or undefined, got ${show(key)}`);
}
