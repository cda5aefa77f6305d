import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Guard, Operation, ParkedCall, Policy } from '../../../src/kernel/policy.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { type PolicyLawsOptions, policyLaws } from '../../../src/testing/policy-laws.js';
import type { MakePolicy } from '../../../src/testing/policy-subject.js';

/** Counts calls in and out. */
function meter(): Guard<object> {
  const permit = {};
  return { enter: () => permit, exit: () => {} };
}

/** Lets `limit` operations run at a time; the others wait in line. */
class Turnstile implements Guard<object> {
  #free: number;
  readonly #line = new Set<ParkedCall<object>>();

  constructor(limit: number) {
    this.#free = limit;
  }

  enter(): object | undefined {
    if (this.#free === 0) return undefined;
    this.#free--;
    return this;
  }

  wait(call: ParkedCall<object>): unknown {
    this.#line.add(call);
    return call;
  }

  withdraw(ticket: unknown): void {
    this.#line.delete(ticket as ParkedCall<object>);
  }

  exit(): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#line.delete(next);
    next.admit(this);
  }
}

const identity = pipeline();

/** Runs each operation after a pause on the clock, as a limiter that paces calls would. */
const paced: MakePolicy = clock => ({
  execute: <T>(operation: Operation<T>, options?: object) =>
    identity.execute(context => {
      return new Promise<T>((resolve, reject) => {
        const timer = clock.schedule(3, () => {
          off();
          new Promise<T>(settle => settle(operation(context))).then(resolve, reject);
        });
        const giveUp = (): void => {
          timer.cancel();
          reject(context.signal.reason);
        };
        const off = (): void => context.signal.removeEventListener('abort', giveUp);
        context.signal.addEventListener('abort', giveUp, { once: true });
      });
    }, options),
});

/** Tries three times. */
const stubborn: MakePolicy = () => ({
  execute: <T>(operation: Operation<T>, options?: object) =>
    identity.execute(async context => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await operation(context);
        } catch (error) {
          if (attempt === 3 || context.signal.aborted) throw error;
        }
      }
    }, options),
});

const lenient: MakePolicy = () =>
  ({
    execute: (operation: Operation<unknown>, options?: object) =>
      identity.execute(operation, options).catch(error => ({ instead: error })),
  }) satisfies Policy<unknown, unknown>;

const lawful: Record<string, [MakePolicy, PolicyLawsOptions?]> = {
  'an empty pipeline': [() => pipeline()],
  'a racing timeout': [clock => new Timeout({ timeoutMs: 500, clock })],
  'a cooperative timeout': [clock => new Timeout({ timeoutMs: 500, strategy: 'cooperative', clock })],
  'a timeout within a timeout': [
    clock => pipeline(new Timeout({ timeoutMs: 900, clock }), new Timeout({ timeoutMs: 500, clock })),
  ],
  'a guard': [meter],
  'a guard with a wait line': [() => new Turnstile(2)],
  'a policy that takes its time': [paced],
  'a retry': [stubborn, { except: { 'runs the operation once': 'it runs it again after a failure' } }],
  'a fallback': [
    lenient,
    {
      except: {
        'passes errors through': 'it answers in their stead',
        'adopts failing thenables': 'likewise',
        "passes the caller's abort on": 'likewise',
        'runs nothing for a caller who has given up': 'likewise',
        'lets go of everything when the caller gives up': 'likewise',
        'stays itself in a pipeline': 'its answers are new objects each time',
        'nests freely in pipelines': 'likewise',
      },
    },
  ],
};

describe.each(Object.entries(lawful))('%s keeps the laws', (_name, [make, options]) => {
  for (const law of policyLaws(make, options)) it(law.name, law.check);
});

describe('policyLaws', () => {
  it('leaves out the laws that are excepted, and no others', () => {
    const make: MakePolicy = () => pipeline();
    const names = policyLaws(make).map(law => law.name);
    expect(names).toHaveLength(16);
    const without = policyLaws(make, { except: { 'leaves no timers behind': 'it caches' } });
    expect(without.map(law => law.name)).toEqual(names.filter(name => name !== 'leaves no timers behind'));
  });

  it('refuses exceptions that name no law or give no reason', () => {
    const make: MakePolicy = () => pipeline();
    const unknown = { except: { 'is quick': 'no' } } as PolicyLawsOptions;
    expect(() => policyLaws(make, unknown)).toThrow('names no law: is quick');
    expect(() => policyLaws(make, { except: { 'leaves no timers behind': '' } })).toThrow('a reason');
  });

  it.each([{ concurrency: 0 }, { calls: 1.5 }, { values: [] }, { errors: [] }])('refuses %j', options => {
    expect(() => policyLaws(() => pipeline(), options)).toThrow(RangeError);
  });

  it('uses the values and errors it is given', async () => {
    const seen = new Set<unknown>();
    const value = { status: 200 };
    const make: MakePolicy = () => ({
      execute: async <T>(operation: Operation<T>, options?: object) => {
        const answer = await identity.execute((context: Context) => operation(context), options);
        seen.add(answer);
        return answer;
      },
    });
    const [first] = policyLaws(make, { values: [value] });
    await first!.check();
    expect([...seen]).toEqual([value]);
  });
});
