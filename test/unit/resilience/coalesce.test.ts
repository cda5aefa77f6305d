import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Coalesce } from '../../../src/resilience/coalesce.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate } from '../../fixtures/gate.js';

const key = 'k';

function setUp(options = {}) {
  const clock = new VirtualClock();
  return { clock, gate: new Gate(), coalesce: new Coalesce({ clock, ...options }) };
}

/** What became of a call, once that is known. */
function fateOf(answer: Promise<unknown>): { is: unknown } {
  const fate: { is: unknown } = { is: 'pending' };
  answer.then(
    value => {
      fate.is = value;
    },
    error => {
      fate.is = error;
    },
  );
  return fate;
}

let count = 0;
const oneByOne = () => `${count++}`;

describe('Coalesce keeps the laws of policies', () => {
  for (const law of policyLaws(clock => new Coalesce({ clock }))) it(`without keys: ${law.name}`, law.check);
  for (const law of policyLaws(clock => new Coalesce({ clock, key: oneByOne }))) {
    it(`with a key for each call: ${law.name}`, law.check);
  }
});

describe('Coalesce', () => {
  it('runs once for all who ask at one time, and again for those who ask later', async () => {
    const { coalesce, gate } = setUp();
    const answers = ['a', 'b', 'c'].map(name => coalesce.execute(gate.operation(name), { key }));
    expect(gate.started).toEqual(['a']);
    gate.end('a');
    expect(await Promise.all(answers)).toEqual(['a', 'a', 'a']);
    const later = coalesce.execute(gate.operation('d'), { key });
    gate.end('d');
    expect(await later).toBe('d');
    expect(coalesce.snapshot()).toMatchObject({ running: 0, started: 2, joined: 2, alone: 0 });
  });

  it('has a free key when the callers hear of the answer', async () => {
    const { coalesce } = setUp();
    let runs = 0;
    const run = () => coalesce.execute(async () => ++runs, { key });
    const again = [run().then(run), run().then(run)];
    expect(await Promise.all(again)).toEqual([2, 2]);
  });

  it('keeps keys and instances apart, and calls without a key', async () => {
    const { coalesce, gate } = setUp();
    const options = Object.freeze({});
    const others = [new Coalesce(options), new Coalesce(options)];
    const answers = [
      coalesce.execute(gate.operation('a'), { key: 'a' }),
      coalesce.execute(gate.operation('b'), { key: '' }),
      coalesce.execute(gate.operation('c')),
      coalesce.execute(gate.operation('d'), {}),
      ...others.map((other, index) => other.execute(gate.operation(`e${index}`), { key: 'a' })),
    ];
    for (const name of gate.open) gate.end(name);
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd', 'e0', 'e1']);
    expect(coalesce.snapshot()).toMatchObject({ unkeyed: 2, started: 2, joined: 0 });
    expect(options).toEqual({});
  });

  it('hands a rejection to those who joined, and keeps none', async () => {
    const { coalesce, gate } = setUp();
    const error = Object.freeze({ down: true });
    const fates = ['a', 'b'].map(name => fateOf(coalesce.execute(gate.operation(name), { key })));
    gate.fail('a', error);
    await settle();
    expect(fates.map(fate => fate.is)).toEqual([error, error]);
    expect(await coalesce.execute(() => 'up again', { key })).toBe('up again');
  });

  it('rejects, and never throws at once', async () => {
    const { coalesce } = setUp();
    const thrown = coalesce.execute(
      () => {
        throw 'at once';
      },
      { key },
    );
    await expect(thrown).rejects.toBe('at once');
    const bad = {
      get key(): string {
        throw new Error('no key');
      },
    };
    await expect(coalesce.execute(() => 1, bad)).rejects.toThrow('no key');
    await expect(coalesce.execute(() => 1, { key: 5 } as never)).rejects.toThrow('`key` must be a string');
    await expect(coalesce.execute(() => 1, null as never)).rejects.toThrow(TypeError);
    await expect(coalesce.execute(1 as never, { key })).rejects.toThrow('the operation must be a function');
    await expect(coalesce.execute(() => 1, { key, timeoutms: 5 } as never)).rejects.toThrow('timeoutms');
    expect(coalesce.snapshot().running).toBe(0);
  });

  it.each([null, Number.NaN, 0, {}, 1n, Symbol('key')])(
    'refuses %s as a key: two calls must not meet by accident',
    async answer => {
      const { coalesce } = setUp({ key: () => answer });
      const operation = vi.fn();
      await expect(coalesce.execute(operation)).rejects.toThrow('`key` must answer a string or undefined');
      expect(operation).not.toHaveBeenCalled();
    },
  );

  it('takes its keys from a function of the context', async () => {
    const { coalesce, gate } = setUp({ key: ({ attributes }: Context) => attributes['user'] as string });
    const call = (name: string, attributes = {}) =>
      coalesce.execute(gate.operation(name), { key, attributes });
    const answers = [
      call('a', { user: 'ann' }),
      call('b', { user: 'bob' }),
      call('c', { user: 'ann' }),
      call('d'),
    ];
    expect(gate.started).toEqual(['a', 'b', 'd']);
    for (const name of gate.open) gate.end(name);
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'a', 'd']);
  });

  it('runs calls alone when there are too many keys', async () => {
    const { coalesce, gate } = setUp({ maxKeys: 1 });
    const answers = [
      coalesce.execute(gate.operation('a'), { key: 'a' }),
      coalesce.execute(gate.operation('b'), { key: 'b' }),
      coalesce.execute(gate.operation('c'), { key: 'b' }),
      coalesce.execute(gate.operation('d'), { key: 'a' }),
    ];
    expect(gate.started).toEqual(['a', 'b', 'c']);
    for (const name of gate.open) gate.end(name);
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'a']);
    expect(coalesce.snapshot()).toMatchObject({ alone: 2, joined: 1, running: 0 });
  });

  it('shares through a pipeline, each caller with the context of its own pipeline', async () => {
    const { clock, coalesce, gate } = setUp();
    const policy = pipeline(new Timeout({ timeoutMs: 100, clock }), coalesce);
    const answers = ['a', 'b'].map(name => policy.execute(gate.operation(name), { key }));
    expect(gate.started).toEqual(['a']);
    gate.end('a');
    expect(await Promise.all(answers)).toEqual(['a', 'a']);
    expect(clock.timers).toBe(0);
  });
});

describe('a shared run', () => {
  it('has the facts and the async context of its first caller', async () => {
    const { coalesce } = setUp();
    const storage = new AsyncLocalStorage<string>();
    const attributes = { route: '/' };
    const seen: unknown[] = [];
    const operation = async (context: Context): Promise<void> => {
      await null;
      seen.push(storage.getStore(), context.attributes, context.key, context.priority, context.attempt);
    };
    await Promise.all([
      storage.run('first', () => coalesce.execute(operation, { key, attributes, priority: 2 })),
      storage.run('second', () => coalesce.execute(operation, { key, priority: 7 })),
    ]);
    expect(seen).toEqual(['first', attributes, key, 2, 1]);
  });

  it('lets each caller go on in its own async context', async () => {
    const { coalesce, gate } = setUp();
    const storage = new AsyncLocalStorage<number>();
    const { signal } = new AbortController();
    const seen = [1, 2, 3].map(number =>
      storage.run(number, async () => {
        await coalesce.execute(gate.operation('a'), number === 2 ? { key, signal } : { key });
        return storage.getStore();
      }),
    );
    gate.end('a');
    expect(await Promise.all(seen)).toEqual([1, 2, 3]);
  });

  it('tells who joined, and builds no payload when nobody listens', async () => {
    const { clock, coalesce, gate } = setUp({ name: 'prices' });
    const wall = vi.spyOn(clock, 'wall');
    fateOf(coalesce.execute(gate.operation('a'), { key }));
    fateOf(coalesce.execute(gate.operation('a'), { key }));
    expect(wall).not.toHaveBeenCalled();
    const joined: unknown[] = [];
    coalesce.on('joined', event => joined.push(event));
    fateOf(coalesce.execute(gate.operation('a'), { key }));
    fateOf(coalesce.execute(gate.operation('a'), { key, timeoutMs: 5 }));
    expect(joined).toMatchObject([
      { policy: 'prices', key, callers: 3 },
      { policy: 'prices', key, callers: 4 },
    ]);
    expect(() => coalesce.on('nothing' as never, () => {})).toThrow(TypeError);
  });

  it('describes itself', () => {
    expect(new Coalesce().describe()).toEqual({ kind: 'coalesce', name: 'coalesce', maxKeys: 10_000 });
    expect(Object.isFrozen(Coalesce.defaults)).toBe(true);
  });
});

describe('the options of Coalesce', () => {
  it.each([0, -1, 1.5, Number.NaN, Infinity, 2 ** 31])('refuse %d keys', maxKeys => {
    expect(() => new Coalesce({ maxKeys })).toThrow(/`maxKeys` must be an integer >= 1 <= 1000000, got/);
  });

  it('refuse what they do not know', () => {
    expect(() => new Coalesce({ key: 'k' as never })).toThrow('`key` must be a function');
    expect(() => new Coalesce({ name: 5 as never })).toThrow('`name` must be a string');
    expect(() => new Coalesce({ ttlMs: 5 } as never)).toThrow('unknown option `ttlMs`');
  });
});
