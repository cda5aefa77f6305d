import type { Outcome } from '../kernel/outcome.js';
import { type Demand, type Law, law, show } from './law.js';
import { type MakePolicy, PolicySubject, refused } from './policy-subject.js';

/** Values that careless code takes for something else. */
export const awkwardValues = (): readonly unknown[] => [
  Object.freeze({ frozen: true }),
  undefined,
  null,
  0,
  -0,
  Number.NaN,
  '',
  false,
  Symbol('value'),
  Object.freeze(Object.create(null)),
  new Error('an error as a value'),
  () => 'a function',
];

/** Errors likewise: anything can be thrown. */
export const awkwardErrors = (): readonly unknown[] => [
  new Error('planted'),
  Object.freeze(new TypeError('frozen')),
  undefined,
  null,
  0,
  '',
  false,
  Symbol('error'),
  Object.freeze({ code: 'E_PLAIN' }),
];

function demandValue(demand: Demand, outcome: Outcome, value: unknown, how: string): void {
  const same = outcome.ok && Object.is(outcome.value, value);
  demand(
    same,
    `the very value ${show(value)} that the operation ${how}`,
    outcome.ok ? outcome.value : outcome.error,
  );
}

function demandError(demand: Demand, outcome: Outcome, error: unknown, how: string): void {
  demand(!outcome.ok, `a rejection with ${show(error)}, which the operation ${how}`, outcome);
  if (!outcome.ok)
    demand(
      Object.is(outcome.error, error),
      `the very ${show(error)} that the operation ${how}`,
      outcome.error,
    );
}

export function passesValues(name: string, make: MakePolicy, values: readonly unknown[]): Law {
  return law(name, async demand => {
    for (const value of values) {
      demandValue(demand, await new PolicySubject(name, make).call(() => value), value, 'returned');
      demandValue(demand, await new PolicySubject(name, make).call(async () => value), value, 'resolved to');
    }
  });
}

export function passesErrors(name: string, make: MakePolicy, errors: readonly unknown[]): Law {
  return law(name, async demand => {
    for (const error of errors) {
      const throws = (): never => {
        throw error;
      };
      demandError(demand, await new PolicySubject(name, make).call(throws), error, 'threw');
      demandError(
        demand,
        await new PolicySubject(name, make).call(async () => throws()),
        error,
        'rejected with',
      );
    }
  });
}

type Then = PromiseLike<unknown>['then'];
type Callback = (result: unknown) => void;

/** Thenables of other libraries, good and bad, and what a promise must make of them. */
function thenables(value: unknown, error: Error): readonly [how: string, then: () => Then, ok: boolean][] {
  const made = (run: (resolve: Callback, reject: Callback) => void) => () => run as unknown as Then;
  return [
    ['fulfilled as a thenable', made(resolve => resolve(value)), true],
    ['rejected as a thenable', made((_resolve, reject) => reject(error)), false],
    [
      'fulfilled twice and then rejected',
      made((resolve, reject) => {
        resolve(value);
        resolve('again');
        reject(new Error('too late'));
      }),
      true,
    ],
    [
      'fulfilled before its `then` threw',
      made(resolve => {
        resolve(value);
        throw new Error('too late');
      }),
      true,
    ],
    [
      'threw when its `then` was called',
      made(() => {
        throw error;
      }),
      false,
    ],
    [
      'threw when its `then` was read',
      () => {
        throw error;
      },
      false,
    ],
  ];
}

export function adoptsThenables(name: string, make: MakePolicy, value: unknown, fails: boolean): Law {
  return law(name, async demand => {
    const error = new Error('planted');
    for (const [how, getThen, ok] of thenables(value, error)) {
      if (ok === fails) continue;
      const operation = (): PromiseLike<unknown> =>
        Object.defineProperty({}, 'then', { get: getThen }) as never;
      const outcome = await new PolicySubject(name, make).call(operation);
      if (ok) demandValue(demand, outcome, value, how);
      else demandError(demand, outcome, error, how);
    }
  });
}

export function runsOnce(name: string, make: MakePolicy, value: unknown): Law {
  return law(name, async demand => {
    for (const fails of [false, true]) {
      const subject = new PolicySubject(name, make);
      let runs = 0;
      await subject.call(() => {
        runs++;
        if (fails) throw new Error('planted');
        return value;
      });
      await subject.clock.runAll();
      demand(runs === 1, `one run of an operation that ${fails ? 'fails' : 'succeeds'}`, runs);
    }
  });
}

export function keepsCallsApart(
  name: string,
  make: MakePolicy,
  values: readonly unknown[],
  concurrency: number,
): Law {
  return law(name, async demand => {
    const subject = new PolicySubject(name, make);
    const runs = new Array<number>(concurrency).fill(0);
    const valueFor = (call: number): unknown => values[call % values.length];
    const outcomes = Array.from({ length: concurrency }, (_, call) =>
      subject.start(async () => {
        runs[call]!++;
        // The last to start is the first to finish.
        await subject.sleep(concurrency - call);
        return valueFor(call);
      }),
    );
    const settled = await subject.finish(Promise.all(outcomes));
    for (const [call, outcome] of settled.entries()) {
      if (refused(outcome) && runs[call] === 0) continue;
      const right = outcome.ok && Object.is(outcome.value, valueFor(call));
      demand(right, `call ${call} to answer with its own result, or to be refused unrun`, outcome);
    }
    demand(
      settled.some(outcome => outcome.ok),
      'some of the calls to be admitted',
      settled[0],
    );
  });
}
