import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../src/kernel/clock.js';
import type { CallContext } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Guard, Operation, Policy } from '../../../src/kernel/policy.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { deferred, Giver, type Log, Parker, Recorder, Refuser } from './recording-guards.js';

/** A policy that is no guard: it runs the operation `times` times. */
class Repeat implements Policy {
  readonly log: Log;
  readonly times: number;

  constructor(log: Log, times: number) {
    this.log = log;
    this.times = times;
  }

  async execute<T>(operation: Operation<T>, options?: Parameters<Policy['execute']>[1]): Promise<T> {
    let answer!: T;
    for (let run = 1; run <= this.times; run++) {
      this.log.push(`run ${run}`);
      answer = await pipeline().execute(operation, options);
    }
    return answer;
  }
}

describe('pipeline', () => {
  it('is the identity when it is empty', async () => {
    await expect(pipeline().execute(() => 7)).resolves.toBe(7);
    await expect(pipeline(pipeline(), pipeline()).execute(async () => 'x')).resolves.toBe('x');
    const reason = new Error('why');
    await expect(pipeline().execute(() => Promise.reject(reason))).rejects.toBe(reason);
    await expect(pipeline().execute(context => context.key, { key: 'k' })).resolves.toBe('k');
  });

  it('has the first policy outermost', async () => {
    const log: Log = [];
    await pipeline(new Recorder(log, 'a'), new Recorder(log, 'b'), new Recorder(log, 'c')).execute(() => 1);
    expect(log).toEqual(['enter a', 'enter b', 'enter c', 'exit c ok 1', 'exit b ok 1', 'exit a ok 1']);
  });

  it('makes one run of neighbouring guards: one operation, one context for all of them', async () => {
    const contexts: CallContext[] = [];
    const spy = (): Guard<object> => ({
      enter(call) {
        contexts.push(call);
        return this;
      },
      exit: () => {},
    });
    await pipeline(spy(), new Giver([], 'giver'), spy(), spy()).execute(context => {
      contexts.push(context as CallContext);
    });
    expect(contexts).toHaveLength(4);
    expect(new Set(contexts).size).toBe(1);
  });

  it('lets a policy that repeats enter what is inside it each time, and what is outside once', async () => {
    const log: Log = [];
    const policy = pipeline(new Recorder(log, 'a'), new Repeat(log, 2), new Recorder(log, 'b'));
    await policy.execute(() => 1);
    const inside = ['enter b', 'exit b ok 1'];
    expect(log).toEqual(['enter a', 'run 1', ...inside, 'run 2', ...inside, 'exit a ok 1']);
  });

  it('means the same nested as flat', async () => {
    const flat: Log = [];
    const nested: Log = [];
    const make = (log: Log) =>
      [new Recorder(log, 'a'), new Repeat(log, 2), new Recorder(log, 'b'), new Recorder(log, 'c')] as const;
    const [a, b, c, d] = make(nested);
    await pipeline(...make(flat)).execute(() => 1);
    await pipeline(a, pipeline(pipeline(b, pipeline()), pipeline(c, d))).execute(() => 1);
    expect(nested).toEqual(flat);
  });

  it('takes arrays spread in, and is not moved by what becomes of them', async () => {
    const log: Log = [];
    const guards = ['a', 'b'].map(label => new Recorder(log, label));
    const policy = pipeline(...guards);
    guards.pop();
    await policy.execute(() => 1);
    expect(log).toEqual(['enter a', 'enter b', 'exit b ok 1', 'exit a ok 1']);
  });

  it('takes one guard in two places', async () => {
    const log: Log = [];
    const guard = new Recorder(log, 'a');
    const giver = new Giver(log, 'g');
    await pipeline(guard, giver, guard, giver).execute(() => 1);
    expect(log.map(line => line.slice(0, 6))).toEqual([
      ...['enter ', 'enter ', 'enter ', 'enter '],
      ...['exit g', 'exit a', 'exit g', 'exit a'],
    ]);
  });

  it('refuses what is neither a policy nor a guard, by its place', () => {
    const make = pipeline as (...parts: unknown[]) => unknown;
    for (const bad of [undefined, null, 7, 'text', {}, () => 1, { enter: () => 1 }, { exit: () => 1 }]) {
      expect(() => make(new Recorder([], 'a'), bad)).toThrow(TypeError);
      expect(() => make(new Recorder([], 'a'), bad)).toThrow(/argument 2 must be a policy or a guard, got/);
    }
  });

  it('shows no guard an operation that is no function', async () => {
    const log: Log = [];
    const policies = [
      pipeline(),
      pipeline(new Recorder(log, 'a')),
      pipeline(new Giver(log, 'a'), new Giver(log, 'b')),
      pipeline(new Recorder(log, 'a'), new Repeat(log, 3)),
      pipeline(new Repeat(log, 3), new Recorder(log, 'a')),
    ];
    for (const policy of policies) {
      await expect(policy.execute('op' as never)).rejects.toThrow(
        /execute: the operation must be a function, got string/,
      );
    }
    expect(log).toEqual([]);
  });

  it('reckons a caller’s deadline on the clock of its policies, wherever that stands', async () => {
    const clock: Clock = new VirtualClock({ nowMs: 500 });
    const timed = Object.assign(new Recorder([], 'timed'), { clock });
    const bearing = Object.assign(new Recorder([], 'given none'), { clock: systemClock });
    const policies = [
      pipeline(timed),
      pipeline(new Recorder([], 'plain'), timed),
      pipeline(bearing, timed),
      pipeline(bearing, new Repeat([], 1), timed),
      pipeline(new Recorder([], 'plain'), new Repeat([], 1), timed),
      pipeline(new Giver([], 'plain'), new Giver([], 'plain too'), timed),
    ];
    for (const policy of policies) {
      await expect(policy.execute(context => context.deadline, { timeoutMs: 50 })).resolves.toBe(550);
    }
  });
});

describe('a pipeline with two guards that give up', () => {
  it('lets each settle what is outside it, and keeps inside what still runs', async () => {
    const log: Log = [];
    const gate = deferred<string>();
    const [outer, inner] = [new Giver(log, 'outer'), new Giver(log, 'inner')];
    const guards = [outer, new Recorder(log, 'a'), inner, new Recorder(log, 'b')] as const;
    const call = pipeline(...guards).execute(() => gate.promise);
    log.length = 0;
    inner.call!.giveUp('late');
    await expect(call).rejects.toBe('late');
    expect(log).toEqual(['exit inner error late', 'exit a error late', 'exit outer error late']);
    gate.resolve('done');
    await gate.promise;
    expect(log.slice(3)).toEqual(['exit b ok done']);
  });

  it('tells the inner call when the outer guard gives up', async () => {
    const log: Log = [];
    const gate = deferred<string>();
    const [outer, inner] = [new Giver(log, 'outer'), new Giver(log, 'inner')];
    let signal: AbortSignal | undefined;
    const call = pipeline(outer, new Recorder(log, 'a'), inner, new Recorder(log, 'b')).execute(context => {
      signal = context.signal;
      return gate.promise;
    });
    log.length = 0;
    outer.call!.giveUp('late');
    expect([signal!.aborted, signal!.reason]).toEqual([true, 'late']);
    await expect(call).rejects.toBe('late');
    // `a` stands inside `outer`, and what it guards has ended: the inner call was answered.
    expect(log).toEqual(['exit outer error late', 'exit inner error late', 'exit a error late']);
    gate.resolve('done');
    await gate.promise;
    expect(log.slice(3)).toEqual(['exit b ok done']);
  });

  it('carries a refusal and a wait in the inner run through the outer one', async () => {
    const log: Log = [];
    const parker = new Parker(log, 'parker');
    const waiting = pipeline(new Giver(log, 'g'), new Giver(log, 'h'), parker).execute(() => 1);
    parker.parked!.admit(parker.permit);
    await expect(waiting).resolves.toBe(1);
    log.length = 0;
    const refusing = pipeline(new Giver(log, 'g'), new Giver(log, 'h'), new Refuser(log, 'r'));
    await expect(refusing.execute(() => 1)).rejects.toThrow('refused');
    expect(log.slice(2)).toEqual(['exit h error Error: refused', 'exit g error Error: refused']);
  });
});

describe('a pipeline', () => {
  const part = (says: object) => Object.assign(new Recorder([], 'a'), says);

  it('is at rest when all of its policies are', () => {
    const [resting, busy] = [part({ atRest: true }), part({ atRest: false })];
    expect([pipeline(), pipeline(part({}), resting), pipeline(resting, busy)].map(one => one.atRest)).toEqual(
      [true, true, false],
    );
  });

  it('shares answers when one of its policies does', () => {
    const [sharing, own] = [part({ sharesAnswers: true }), part({})];
    expect([pipeline(), pipeline(own), pipeline(own, sharing)].map(one => one.sharesAnswers)).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('describe', () => {
  it('tells the policies of a pipeline as JSON, flat', () => {
    const named = Object.assign(new Recorder([], 'a'), { describe: () => ({ kind: 'named' }) });
    const bare = Object.assign(Object.create(null) as object, { enter: () => 1, exit: () => {} });
    const policy = pipeline(named, pipeline(new Recorder([], 'b'), new Repeat([], 1)), bare as Guard);
    const told = {
      pipeline: [{ kind: 'named' }, { kind: 'Recorder' }, { kind: 'Repeat' }, { kind: 'anonymous' }],
    };
    expect(policy.describe()).toEqual(told);
    expect(JSON.parse(JSON.stringify(policy.describe()))).toEqual(told);
    expect(pipeline().describe()).toEqual({ pipeline: [] });
  });

  it('is how the policies were made, `snapshot` how they stand, and `parts` the policies', () => {
    const counting = Object.assign(new Recorder([], 'a'), { snapshot: () => ({ running: 1 }) });
    const mute = new Recorder([], 'b');
    const policy = pipeline(counting, pipeline(mute));
    expect(policy.snapshot()).toEqual({ pipeline: [{ running: 1 }, null] });
    expect(policy.parts).toEqual([counting, mute]);
  });
});
