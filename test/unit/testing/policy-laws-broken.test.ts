import { describe, expect, it } from 'vitest';
import type { CallOptions, Context } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Operation } from '../../../src/kernel/policy.js';
import { LawError } from '../../../src/testing/law.js';
import { type PolicyLaw, policyLaws } from '../../../src/testing/policy-laws.js';
import type { MakePolicy } from '../../../src/testing/policy-subject.js';
import type { VirtualClock } from '../../../src/testing/virtual-clock.js';

type Execute = (operation: Operation<unknown>, options: CallOptions, clock: VirtualClock) => Promise<unknown>;

const identity = pipeline();
const broken =
  (execute: () => Execute): MakePolicy =>
  clock => {
    const run = execute();
    // biome-ignore lint/suspicious/noExplicitAny: broken policies break the types too.
    return { execute: (operation: any, options: any) => run(operation, options ?? {}, clock) as any };
  };

/** A policy that hands the operation a context with something else in it. */
const forged = (facts: (context: Context) => object): MakePolicy =>
  broken(() => (operation, options) => {
    return identity.execute(context => {
      return operation(Object.assign(Object.create(context), facts(context)) as Context);
    }, options);
  });

/** A queue of width one that never looks at signals. */
function deafQueue(): Execute {
  let last: Promise<unknown> = Promise.resolve();
  return (operation, options) => {
    const turn = last.then(() => operation(contextFor(options)));
    last = turn.catch(() => {});
    return turn;
  };
}

function contextFor(options: CallOptions): Context {
  return { signal: new AbortController().signal, ...options } as unknown as Context;
}

let sharedCalls = 0;

const policies: Record<PolicyLaw, [MakePolicy, expected: string]> = {
  'passes values through': [
    broken(() => (operation, options) => identity.execute(operation, options).then(value => value || null)),
    'the very value undefined',
  ],
  'passes errors through': [
    broken(() => (operation, options) => {
      return identity
        .execute(operation, options)
        .catch(cause => Promise.reject(new Error('wrapped', { cause })));
    }),
    'the very Error: planted that the operation threw',
  ],
  'adopts thenables': [
    broken(() => (operation, options) => {
      return identity.execute(context => {
        const answer = operation(context);
        return answer instanceof Promise ? answer : { answer };
      }, options);
    }),
    'the very value {"frozen":true} that the operation fulfilled as a thenable',
  ],
  'adopts failing thenables': [
    broken(() => (operation, options) => {
      const answer = operation(contextFor(options)) as PromiseLike<unknown>;
      return new Promise(resolve => void answer.then(resolve));
    }),
    'the very Error: planted that the operation rejected as a thenable',
  ],
  'runs the operation once': [
    broken(() => async (operation, options) => {
      await identity.execute(operation, options).catch(() => {});
      return identity.execute(operation, options);
    }),
    'one run',
  ],
  'keeps concurrent calls apart': [
    broken(() => {
      let shared: unknown;
      return async (operation, options) => {
        shared ??= identity.execute(operation, options);
        return shared;
      };
    }),
    'call 1 to answer with its own result',
  ],
  'hands the call on to the operation': [
    broken(() => operation => identity.execute(operation)),
    "context.key to be the caller's",
  ],
  'only shortens the deadline': [forged(() => ({ remainingMs: () => 5_000 })), 'at most the 1000 ms'],
  'leaves the signal alone after a success': [
    broken(() => async (operation, options, clock) => {
      const controller = new AbortController();
      clock.schedule(1_000, () => controller.abort());
      return operation({ ...contextFor(options), signal: controller.signal });
    }),
    'context.signal never to abort',
  ],
  "passes the caller's abort on": [
    broken(() => async (operation, options) => {
      const controller = new AbortController();
      options.signal?.addEventListener('abort', () => controller.abort(new Error('mine')));
      return operation({ ...contextFor(options), signal: controller.signal });
    }),
    "context.signal.reason to be the caller's own",
  ],
  'runs nothing for a caller who has given up': [
    broken(() => async (operation, options) => operation(contextFor(options))),
    'no run for a caller',
  ],
  'lets go of everything when the caller gives up': [
    broken(deafQueue),
    'no operation to start after the abort',
  ],
  'leaves no timers behind': [
    broken(() => (operation, options, clock) => {
      clock.schedule(3_600_000, () => {});
      return identity.execute(operation, options);
    }),
    'no timers left after 40 calls',
  ],
  'leaves no listeners behind': [
    broken(() => (operation, options) => {
      options.signal?.addEventListener('abort', () => {}, { once: true });
      return identity.execute(operation, options);
    }),
    "no listeners left on the caller's signal after 40 calls",
  ],
  'stays itself in a pipeline': [
    broken(() => async (operation, options) => {
      if (++sharedCalls % 13 === 0) throw new Error('shared between policies');
      return identity.execute(operation, options);
    }),
    'to behave as pipeline(p)',
  ],
  'nests freely in pipelines': [
    broken(() => (operation, options, clock) => {
      return identity.execute(async context => {
        await new Promise<void>(resolve => clock.schedule(sharedCalls++, resolve));
        return operation(context);
      }, options);
    }),
    'to behave as pipeline(a, p, b)',
  ],
};

describe('policyLaws, on broken policies', () => {
  it.each(Object.entries(policies))(
    '%s: a policy that breaks it is found',
    async (name, [make, expected]) => {
      const law = policyLaws(make).find(one => one.name === name)!;
      const error: unknown = await law.check().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(LawError);
      expect(error).toMatchObject({ law: name });
      expect((error as LawError).expected).toContain(expected);
      expect((error as LawError).message).toContain(
        `${name}: expected ${(error as LawError).expected}, got `,
      );
    },
  );

  it('finds a policy that never settles, or answers with no promise', async () => {
    const [silent] = policyLaws(broken(() => () => new Promise(() => {})));
    await expect(silent!.check()).rejects.toThrow('expected the call to settle');
    const [blunt] = policyLaws(broken(() => () => 'no promise' as unknown as Promise<unknown>));
    await expect(blunt!.check()).rejects.toThrow('expected execute to return a promise, got "no promise"');
  });
});
