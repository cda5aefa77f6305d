import type { CallOptions, Context } from '../kernel/context.js';
import type { Outcome } from '../kernel/outcome.js';
import { pipeline } from '../kernel/pipeline.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { type Law, law } from './law.js';
import { type MakePolicy, PolicySubject } from './policy-subject.js';

type Part = Policy<unknown, unknown> | Guard<unknown>;

/** What can be seen of one call: who was entered when, how it ended and when. */
interface Sighting {
  readonly entries: string[];
  outcome?: Outcome;
  settledAt?: number;
}

/** Watches the calls of one subject; calls are told apart by an attribute that every policy hands on. */
class Watcher {
  readonly calls: Sighting[] = [];
  readonly #subject: PolicySubject;

  constructor(subject: PolicySubject) {
    this.#subject = subject;
  }

  note(who: string, context: CallOptions | Context | undefined): void {
    const { call } = (context?.attributes ?? {}) as { call?: number };
    this.calls[call ?? -1]?.entries.push(`${who}@${this.#subject.clock.now()}`);
  }
}

/**
 * A neighbour that does nothing but be seen, as a policy and as a guard (which is fused with other guards).
 */
function neighbours(name: string, watcher: () => Watcher): readonly Part[] {
  const pass = join();
  const policy: Policy<unknown, unknown> = {
    execute: async <T>(operation: Operation<T>, options?: CallOptions | Context) => {
      watcher().note(name, options);
      return pass.execute(operation, options);
    },
  };
  const guard: Guard<unknown> = {
    enter(call) {
      watcher().note(name, call);
      return name;
    },
    exit() {},
  };
  return [policy, guard];
}

/** `pipeline` without what its types tell: here anything goes, and it is the behaviour that is checked. */
const join = pipeline as unknown as (...parts: readonly Part[]) => Policy<unknown, unknown>;

const CALLS = 12;

/** Runs a script of calls, some fast, some slow, some failing, side by side and one after the other. */
async function watch(
  name: string,
  make: MakePolicy,
  values: readonly unknown[],
  compose: (part: Part, watcher: () => Watcher) => Policy<unknown, unknown>,
): Promise<readonly Sighting[]> {
  let watcher: Watcher;
  const subject = new PolicySubject(name, make, part => compose(part as unknown as Part, () => watcher));
  watcher = new Watcher(subject);
  const start = async (call: number): Promise<void> => {
    const sighting: Sighting = { entries: [] };
    watcher.calls[call] = sighting;
    const operation = async (context: Context): Promise<unknown> => {
      watcher.note('operation', context);
      // Distinct spans, so that no two calls of a burst end at one time, in an order of no significance.
      await subject.sleep(((call * 7) % CALLS) + 1);
      if (call % 3 === 2) throw new Error(`planted ${call}`);
      return values[call % values.length];
    };
    sighting.outcome = await subject.start(operation, { attributes: { call } });
    sighting.settledAt = subject.clock.now();
  };
  const half = CALLS / 2;
  await subject.finish(Promise.all(Array.from({ length: half }, (_, call) => start(call))));
  for (let call = half; call < CALLS; call++) await subject.finish(start(call));
  return watcher.calls;
}

/** The first call in which two runs of the script differ. */
function difference(left: readonly Sighting[], right: readonly Sighting[]): string | undefined {
  for (let call = 0; call < CALLS; call++) {
    const [one, other] = [left[call]!, right[call]!];
    const same =
      one.entries.join() === other.entries.join() &&
      one.settledAt === other.settledAt &&
      sameOutcome(one.outcome!, other.outcome!);
    if (!same) return `call ${call}: ${describe(one)}, but ${describe(other)}`;
  }
  return undefined;
}

function sameOutcome(one: Outcome, other: Outcome): boolean {
  if (one.ok || other.ok) return one.ok && other.ok && Object.is(one.value, other.value);
  return Object.is(one.error, other.error) || sameWords(one.error, other.error);
}

/** Errors that a policy raises itself are new each time; they say the same. */
function sameWords(one: unknown, other: unknown): boolean {
  return one instanceof Error && other instanceof Error && String(one) === String(other);
}

function describe({ entries, outcome, settledAt }: Sighting): string {
  return `${entries.join(' > ')} ${outcome?.ok ? 'answered' : 'failed'} at ${settledAt}`;
}

export function staysItself(name: string, make: MakePolicy, values: readonly unknown[]): Law {
  return law(name, async demand => {
    const alone = await watch(name, make, values, part => join(part));
    const compositions: Record<string, (part: Part) => Policy<unknown, unknown>> = {
      'pipeline(pipeline(), p)': part => join(join(), part),
      'pipeline(p, pipeline())': part => join(part, join()),
      'pipeline(pipeline(p))': part => join(join(part)),
    };
    for (const [words, compose] of Object.entries(compositions)) {
      const unlike = difference(alone, await watch(name, make, values, compose));
      demand(unlike === undefined, `${words} to behave as pipeline(p)`, unlike);
    }
  });
}

export function nestsFreely(name: string, make: MakePolicy, values: readonly unknown[]): Law {
  return law(name, async demand => {
    for (const kind of [0, 1]) {
      const around = (nest: (a: Part, p: Part, b: Part) => Policy<unknown, unknown>) =>
        watch(name, make, values, (part, watcher) => {
          return nest(neighbours('outer', watcher)[kind]!, part, neighbours('inner', watcher)[kind]!);
        });
      const flat = await around((a, p, b) => join(a, p, b));
      const left = difference(flat, await around((a, p, b) => join(join(a, p), b)));
      demand(left === undefined, 'pipeline(pipeline(a, p), b) to behave as pipeline(a, p, b)', left);
      const right = difference(flat, await around((a, p, b) => join(a, join(p, b))));
      demand(right === undefined, 'pipeline(a, pipeline(p, b)) to behave as pipeline(a, p, b)', right);
    }
  });
}
