import type { Objection } from './explore.js';
import { settle } from './settle.js';

/** One action of one interleaving, and what had become of it when all was quiet. */
export interface SweptCall {
  /** Its name in `actions`. */
  readonly action: string;
  /** How many microtasks after the trigger it was issued. */
  readonly offset: number;
  /** `threw`: it threw instead of returning; `pending`: what it returned has not settled. */
  readonly state: 'fulfilled' | 'rejected' | 'threw' | 'pending';
  /** The value, when it was fulfilled. */
  readonly value?: unknown;
  /** The reason, when it was rejected or threw. */
  readonly error?: unknown;
}

/** What to sweep: see {@link microtaskSweep}. */
export interface MicrotaskSweep<S> {
  /** A fresh subject, brought to the brink of the race. Everything that takes time belongs here. */
  subject(): S | PromiseLike<S>;
  /** Sets off the race, synchronously. What it returns is not waited for: the count starts with the call. */
  trigger(subject: S): unknown;
  /** What may happen at the same moment, by name. */
  readonly actions: Readonly<Record<string, (subject: S) => unknown>>;
  /** Judges one interleaving once no promise moves any more. A message or a throw fails it. */
  check(subject: S, calls: readonly SweptCall[]): Objection | PromiseLike<Objection>;
  /** Each action is issued at 0 to `offsets - 1` microtasks after the trigger. @default 17 */
  readonly offsets?: number;
}

/** An interleaving that failed. */
export interface SweepFailure {
  /** What was issued, in order, and what became of it. */
  readonly calls: readonly SweptCall[];
  /** What `check` objected to. */
  readonly message: string;
  /** What `check` threw, if it threw. */
  readonly cause?: unknown;
}

/** Some interleavings failed; the message lists the first of them by action and offset. */
export class SweepError extends Error {
  override readonly name = 'SweepError';
  /** All of them, single actions first. */
  readonly failures: readonly SweepFailure[];
  /** How many interleavings there were. */
  readonly runs: number;

  constructor(failures: readonly SweepFailure[], runs: number) {
    const listed = failures.slice(0, LISTED).map(({ calls, message }) => {
      return `\n  ${calls.map(({ action, offset }) => `${action} @${offset}`).join(', then ')}: ${message}`;
    });
    const more = failures.length > LISTED ? `\n  … and ${failures.length - LISTED} more` : '';
    super(`microtaskSweep: ${failures.length} of ${runs} interleavings fail${listed.join('')}${more}`);
    this.failures = failures;
    this.runs = runs;
  }
}

/** How many failures an error message shows. */
const LISTED = 10;

/**
 * Issues every action, and every pair of actions in both orders (each with itself as well), at every
 * microtask offset after a trigger, each time on a fresh subject. This is where races hide that a scheduler
 * of promises cannot see, for it delays settlements and not arrivals: a slot that is free for one microtask,
 * a late result that meets a probe. Two actions with 17 offsets are 646 runs of some microseconds each.
 *
 * @returns How many interleavings there were.
 * @throws SweepError with all interleavings that failed.
 * @throws RangeError when `offsets` is not an integer >= 1, TypeError when there are no actions.
 * @example
 * ```ts
 * import { microtaskSweep } from 'keelson/testing';
 *
 * const { runs } = await microtaskSweep({
 *   subject: () => ({ line: ['first'], order: [] as string[] }),
 *   trigger: async gate => {
 *     await undefined;
 *     gate.order.push(...gate.line.splice(0));
 *   },
 *   actions: { 'a caller arrives': gate => gate.line.push('late') },
 *   check: gate => (gate.order[0] === 'first' ? undefined : 'the late caller overtook the first'),
 * });
 * runs; // => 170
 * ```
 */
export async function microtaskSweep<S>(sweep: MicrotaskSweep<S>): Promise<{ readonly runs: number }> {
  const offsets = sweep.offsets ?? 17;
  if (!Number.isSafeInteger(offsets) || offsets < 1) {
    throw new RangeError(`microtaskSweep: \`offsets\` must be an integer >= 1, got ${offsets}`);
  }
  const names = Object.keys(sweep.actions);
  if (names.length === 0) throw new TypeError('microtaskSweep: `actions` must name at least one action');
  const failures: SweepFailure[] = [];
  let runs = 0;
  for (const plan of interleavings(names, offsets)) {
    runs++;
    const failure = await runPlan(sweep, plan);
    if (failure !== undefined) failures.push(failure);
  }
  if (failures.length > 0) throw new SweepError(failures, runs);
  return { runs };
}

interface Planned {
  readonly action: string;
  readonly offset: number;
}

/** Single actions first, so that the simplest failures are listed first. Each plan is in order of issue. */
function* interleavings(names: readonly string[], offsets: number): Iterable<readonly Planned[]> {
  for (const action of names) {
    for (let offset = 0; offset < offsets; offset++) yield [{ action, offset }];
  }
  for (const action of names) {
    for (const other of names) {
      for (let offset = 0; offset < offsets; offset++) {
        for (let later = offset; later < offsets; later++) {
          yield [
            { action, offset },
            { action: other, offset: later },
          ];
        }
      }
    }
  }
}

async function runPlan<S>(
  sweep: MicrotaskSweep<S>,
  plan: readonly Planned[],
): Promise<SweepFailure | undefined> {
  const subject = await sweep.subject();
  const watched: Watched[] = [];
  forget(sweep.trigger(subject));
  for (let offset = 0; watched.length < plan.length; offset++) {
    if (offset > 0) await undefined;
    for (const { action } of plan.filter(planned => planned.offset === offset)) {
      watched.push(issue(action, offset, () => sweep.actions[action]!(subject)));
    }
  }
  await settle();
  const calls: readonly SweptCall[] = watched;
  try {
    const message = await sweep.check(subject, calls);
    return message ? { calls, message } : undefined;
  } catch (cause) {
    return { calls, message: String(cause), cause };
  }
}

type Watched = { -readonly [Key in keyof SweptCall]: SweptCall[Key] };

function issue(action: string, offset: number, act: () => unknown): Watched {
  const call: Watched = { action, offset, state: 'pending' };
  let answer: unknown;
  try {
    answer = act();
  } catch (error) {
    return { ...call, state: 'threw', error };
  }
  Promise.resolve(answer).then(
    value => Object.assign(call, { state: 'fulfilled', value }),
    error => Object.assign(call, { state: 'rejected', error }),
  );
  return call;
}

/** A trigger that rejects is the subject's business, not an unhandled rejection. */
function forget(answer: unknown): void {
  Promise.resolve(answer).catch(() => {});
}
