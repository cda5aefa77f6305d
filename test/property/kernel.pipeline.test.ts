import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pipeline } from '../../src/kernel/pipeline.js';
import type { Operation, Policy } from '../../src/kernel/policy.js';
import { settle } from '../../src/testing/settle.js';
import { deferred, Giver, type Log, Parker, Recorder, Refuser } from '../unit/kernel/recording-guards.js';

type Kind = 'recorder' | 'giver' | 'parker' | 'refuser' | 'repeat';
type Tree = Kind | readonly Tree[];
type End = 'answers' | 'throws' | 'rejects' | 'is given up';
type Part = Policy | Recorder;

/** Logs, and what waits in the lines of one build of a tree. */
class Build {
  readonly log: Log = [];
  readonly parkers: Parker[] = [];
  readonly givers: Giver[] = [];
  #made = 0;

  part(kind: Kind): Part {
    const label = `${kind}${this.#made++}`;
    if (kind === 'refuser') return new Refuser(this.log, label);
    if (kind === 'recorder') return new Recorder(this.log, label);
    if (kind === 'repeat') return twice(this.log, label);
    if (kind === 'giver') {
      const giver = new Giver(this.log, label);
      this.givers.push(giver);
      return giver;
    }
    const parker = new Parker(this.log, label);
    this.parkers.push(parker);
    return parker;
  }
}

/** Runs the operation a second time after a success. */
function twice(log: Log, label: string): Policy {
  return {
    async execute<T>(operation: Operation<T>, options?: Parameters<Policy['execute']>[1]): Promise<T> {
      log.push(`first ${label}`);
      await pipeline().execute(operation, options);
      log.push(`second ${label}`);
      return pipeline().execute(operation, options);
    },
  };
}

const nest = (build: Build, tree: Tree): Policy | Recorder =>
  typeof tree === 'string'
    ? build.part(tree)
    : pipeline(...(tree.map(branch => nest(build, branch)) as Policy[]));
const flatten = (tree: Tree): readonly Kind[] => (typeof tree === 'string' ? [tree] : tree.flatMap(flatten));

/** Hides what a policy is made of, so that nothing is fused with it. */
const opaque = (part: Part): Policy => {
  const alone = pipeline(part as Recorder);
  return { execute: (operation, options) => alone.execute(operation, options) };
};

async function run(build: Build, policy: Policy, end: End): Promise<string> {
  const gate = deferred<string>();
  const outcome = policy
    .execute(context => {
      build.log.push(`operation ${context.attempt}`);
      if (end === 'throws') throw 'thrown';
      return end === 'is given up' ? gate.promise : end === 'answers' ? 'value' : Promise.reject('rejected');
    })
    .then(
      value => `value ${value}`,
      error => `error ${String(error)}`,
    );
  await settle();
  for (let parker = build.parkers.find(waits); parker !== undefined; parker = build.parkers.find(waits)) {
    const call = parker.parked!;
    parker.parked = undefined;
    call.admit(parker.permit);
    await settle();
  }
  if (end === 'is given up') for (const giver of build.givers) giver.call?.giveUp('late');
  gate.resolve('in the end');
  await settle();
  // Repeated runs may have parked again.
  for (const parker of build.parkers) parker.parked?.refuse('closed');
  await settle();
  return outcome;
}

const waits = (parker: Parker): boolean => parker.parked !== undefined;

const kinds: fc.Arbitrary<Kind> = fc.constantFrom(
  ...(['recorder', 'recorder', 'giver', 'parker', 'refuser', 'repeat'] as const),
);
const trees = fc.letrec<{ tree: Tree; node: readonly Tree[] }>(tie => ({
  tree: fc.oneof({ maxDepth: 3 }, { arbitrary: kinds, weight: 3 }, { arbitrary: tie('node'), weight: 1 }),
  node: fc.array(tie('tree'), { maxLength: 4 }),
}));
const ends: fc.Arbitrary<End> = fc.constantFrom('answers', 'throws', 'rejects', 'is given up');

describe('pipeline', () => {
  it('means the same however it is nested, empty pipelines included', async () => {
    await fc.assert(
      fc.asyncProperty(trees.node, ends, async (tree, end) => {
        const [nested, flat] = [new Build(), new Build()];
        const outcomes = [
          await run(nested, nest(nested, tree) as Policy, end),
          await run(flat, pipeline(...(flatten(tree).map(kind => flat.part(kind)) as Policy[])), end),
        ];
        expect(outcomes[0]).toBe(outcomes[1]);
        expect(nested.log).toEqual(flat.log);
      }),
      { numRuns: 150 },
    );
  });

  it('means the same fused as one by one', async () => {
    const lists = fc.array(kinds, { maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(lists, ends, async (list, end) => {
        const [fused, onion] = [new Build(), new Build()];
        const outcomes = [
          await run(fused, pipeline(...(list.map(kind => fused.part(kind)) as Policy[])), end),
          await run(onion, pipeline(...list.map(kind => opaque(onion.part(kind)))), end),
        ];
        expect(outcomes[0]).toBe(outcomes[1]);
        // Who gives up settles a whole run in one turn, and one by one each in a turn of its own.
        if (end === 'is given up') expect(fused.log.toSorted()).toEqual(onion.log.toSorted());
        else expect(fused.log).toEqual(onion.log);
      }),
      { numRuns: 150 },
    );
  });

  it('has an identity on either side', async () => {
    await fc.assert(
      fc.asyncProperty(kinds, ends, async (kind, end) => {
        const builds = [new Build(), new Build(), new Build()] as const;
        const [alone, left, right] = builds.map(build => build.part(kind) as Recorder);
        const outcomes = [
          await run(builds[0], pipeline(alone!), end),
          await run(builds[1], pipeline(pipeline(), left!), end),
          await run(builds[2], pipeline(right!, pipeline()), end),
        ];
        expect(new Set(outcomes).size).toBe(1);
        expect(builds[1].log).toEqual(builds[0].log);
        expect(builds[2].log).toEqual(builds[0].log);
      }),
      { numRuns: 40 },
    );
  });
});
