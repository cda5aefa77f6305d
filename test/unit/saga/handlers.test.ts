import { expect, it } from 'vitest';
import type { SagaEntry } from '../../../src/core/saga-state.js';
import { defineSaga } from '../../../src/saga/definition.js';
import { StepFailedError } from '../../../src/saga/saga-errors.js';
import type { StepOptions } from '../../../src/saga/step-options.js';
import { Gate, SagaScene } from './saga-scene.js';

type Strange = Partial<StepOptions<unknown, object, never>> & { readonly forward: () => never };

/**
 * Runs a saga whose only step is strange, and tells how it ended, what is kept of the step, and how often it
 * ran.
 */
async function run(strange: Strange) {
  const scene = new SagaScene();
  const keys: string[] = [];
  const undone: boolean[] = [];
  const saga = defineSaga('s').step('a', {
    retry: { attempts: 2 },
    timeoutMs: 1_000,
    ...strange,
    forward: context => {
      keys.push(context.idempotencyKey);
      return strange.forward();
    },
    compensate: ({ ran }) => void undone.push(ran),
  });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  const end = await scene.end(sagas, 's1');
  const { state } = (await sagas.get('s1'))!;
  await sagas.close();
  expect(new Set(keys).size).toBe(1);
  return { end, entry: state.entries['a']!, because: state.because, tried: keys.length, undone };
}

const throws = (error: unknown) => (): never => {
  throw error;
};
const answers = (value: unknown) => (): never => value as never;
const words = (entry: SagaEntry): string => `${entry.error?.name}: ${entry.error?.message}`;

it.each<[name: string, forward: () => never, tried: number, said: string]>([
  ['throws undefined', throws(undefined), 2, 'undefined: undefined'],
  ['throws a text', throws('no'), 2, 'string: "no"'],
  ['rejects with null', () => Promise.reject(null) as never, 2, 'object: null'],
  ['throws what cannot be shown', throws(Object.create(null)), 2, 'object: an object'],
  ['answers a function', answers(() => {}), 1, 'TypeError: output is a function, which JSON cannot hold'],
  ['answers a bigint', answers(1n), 1, 'TypeError: output is a bigint, which JSON cannot hold'],
  [
    'answers a date inside',
    answers({ at: [new Date(0)] }),
    1,
    'TypeError: output.at[0] is an object of class Date, which JSON cannot hold',
  ],
  ['answers NaN', answers(Promise.resolve(NaN)), 1, 'TypeError: output is NaN, which JSON cannot hold'],
  [
    'answers too much',
    answers('x'.repeat(300_000)),
    1,
    'RangeError: output is larger than 262144 characters of JSON',
  ],
  [
    'never settles',
    answers(new Promise(() => {})),
    2,
    'TimeoutError: no answer of the handler within 1000 ms',
  ],
  ['answers a thenable that throws', answers({ then: throws(new Error('then')) }), 2, 'Error: then'],
  [
    'answers a thenable whose getter throws',
    answers(Object.defineProperty({}, 'then', { get: throws(new Error('getter')) })),
    2,
    'Error: getter',
  ],
])('undoes a step that %s: what it did is unknown', async (_, forward, tried, said) => {
  const result = await run({ forward });
  expect(result).toMatchObject({ end: 'compensated', tried, undone: [false] });
  expect(words(result.entry)).toBe(said);
  expect(result.because).toMatchObject({ kind: 'failed', step: 'a', error: result.entry.error });
});

it.each<[name: string, forward: () => never, output: unknown]>([
  ['settles twice', answers({ then: (yes: (n: number) => void) => [yes(1), yes(2)] }), 1],
  [
    'answers and throws after that',
    answers({
      then: (yes: (n: number) => void) => {
        yes(1);
        throw new Error('late');
      },
    }),
    1,
  ],
  ['answers nothing', answers(undefined), undefined],
  ['answers null', answers(null), null],
  ['answers data with holes', answers(Object.assign([], { 1: 1, 2: { a: undefined } })), [null, 1, {}]],
  ['answers a negative zero', answers(-0), 0],
])('takes the first answer of a step that %s', async (_, forward, output) => {
  const { end, entry } = await run({ forward });
  expect(end).toBe('completed');
  expect(entry.output).toStrictEqual(output);
});

it('takes a thenable for what it is at first sight', async () => {
  let asked = 0;
  const liar = Object.defineProperty({}, 'then', {
    get: () => {
      if (asked++ > 0) throw new Error('asked again');
      return undefined;
    },
  });
  expect((await run({ forward: answers(liar) })).end).toBe('completed');
});

it.each<[name: string, error: unknown, tried: number, undone: boolean[]]>([
  ['refuses', new StepFailedError('sold out'), 1, []],
  ['answers 409', Object.assign(new Error('409'), { status: 409 }), 1, []],
  ['answers 429', Object.assign(new Error('429'), { statusCode: 429 }), 2, []],
  ['answers 503', Object.assign(new Error('503'), { status: 503 }), 2, [false]],
  ['answers 408', Object.assign(new Error('408'), { status: 408 }), 2, [false]],
  ['is not there', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 2, []],
  ['is not there, deep inside', new Error('f', { cause: { cause: { code: 'ENOTFOUND' } } }), 2, []],
  [
    'is not there, too deep',
    new Error('f', { cause: { cause: { cause: { cause: { code: 'ENOTFOUND' } } } } }),
    2,
    [false],
  ],
  ['was behind an open circuit', Object.assign(new Error('open'), { rejected: true }), 2, []],
  ['hung up', Object.assign(new Error('x'), { code: 'ECONNRESET' }), 2, [false]],
])('knows what it means when the remote %s', async (_, error, tried, undone) => {
  expect(await run({ forward: throws(error) })).toMatchObject({ end: 'compensated', tried, undone });
});

it.each<[name: string, classify: unknown, undone: boolean[]]>([
  ['throws', throws(new Error('classify')), [false]],
  ['answers a promise', async () => 'failed', [false]],
  ['answers what is no outcome', () => 'fine', [false]],
  ['says that it failed', () => 'failed', []],
  ['says that it did not run', () => 'not-run', []],
  ['says nothing', () => undefined, [false]],
])('takes the worst for true where a classify %s', async (_, classify, undone) => {
  const strange = { forward: throws(new Error('x')), classify: classify as never };
  expect(await run(strange)).toMatchObject({ end: 'compensated', undone });
});

it.each<[name: string, retryAfterMs: unknown, waited: number]>([
  ['a text', '5000', 0],
  ['a symbol', Symbol('s'), 0],
  ['NaN', NaN, 0],
  ['a negative one', -1, 0],
  ['a second', 1_000, 1_000],
  ['Infinity', Infinity, 86_400_000],
])('waits as long as it is asked to, within reason: %s', async (_, retryAfterMs, waited) => {
  const scene = new SagaScene();
  const at: number[] = [];
  const saga = defineSaga('s').step('a', {
    forward: () => {
      at.push(scene.clock.now());
      if (at.length === 1) throw Object.assign(new Error('busy'), { status: 429, retryAfterMs });
    },
    compensate: 'nothing',
  });
  const sagas = await scene.worker([saga]);
  const run = sagas.run(saga, {});
  await scene.clock.advance(waited + 10_000);
  await run;
  expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(waited);
  expect(at[1]! - at[0]!).toBeLessThanOrEqual(waited + 2_000);
  await sagas.close();
});

it('gives what was answered to later steps as it was, whatever they do with it', async () => {
  const scene = new SagaScene();
  const seen: unknown[] = [];
  const meddle = ({ outputs, input }: { outputs: object; input: unknown }): void => {
    seen.push(JSON.stringify([outputs, input]));
    for (const change of [
      () => Object.assign(outputs, { a: 'changed' }),
      () => Object.assign((outputs as { a: object }).a, { list: [] }),
      () => (outputs as { a: { list: number[] } }).a.list.push(3),
      () => Object.assign(input as object, { x: 2 }),
    ]) {
      expect(change).toThrow(TypeError);
    }
  };
  const saga = defineSaga<{ x: number }>('s')
    .step('a', { forward: () => ({ list: [1, 2] }), compensate: 'nothing' })
    .step('b', { forward: meddle, compensate: 'nothing' })
    .sleep('later', 60_000)
    .step('c', { forward: meddle, compensate: 'nothing' });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, { x: 1 }, { id: 's1' });
  expect(await scene.end(sagas, 's1')).toBe('completed');
  expect(seen).toEqual(['[{"a":{"list":[1,2]}},{"x":1}]', '[{"a":{"list":[1,2]}},{"x":1}]']);
  await sagas.close();
});

it('takes a policy that throws for a step that fails', async () => {
  const scene = new SagaScene();
  const policy = { execute: throws(new StepFailedError('policy')) };
  const saga = defineSaga('s').step('a', {
    forward: () => 1,
    compensate: 'nothing',
    policy: policy as never,
  });
  const sagas = await scene.worker([saga]);
  await expect(scene.clock.runUntil(sagas.run(saga, {}))).rejects.toMatchObject({
    code: 'ERR_SAGA_COMPENSATED',
  });
  await sagas.close();
});

it('asks what an attempt did of which nobody knows, before it is made again', async () => {
  const scene = new SagaScene();
  let calls = 0;
  const saga = defineSaga('s').step('a', {
    forward: () => {
      calls++;
      throw new Error('hung up');
    },
    check: () => ({ ran: true as const, output: 'found' as never }),
    idempotent: false,
    compensate: 'nothing',
  });
  const sagas = await scene.worker([saga]);
  expect(await scene.clock.runUntil(sagas.run(saga, {}))).toEqual({ a: 'found' });
  expect(calls).toBe(1);
  await sagas.close();
});

it('does not run a step whose attempt was given up while its check was under way', async () => {
  const scene = new SagaScene();
  const calls: number[] = [];
  const slow = new Gate();
  const saga = defineSaga('s').step('a', {
    forward: ({ attempt }) => {
      calls.push(attempt);
      if (attempt === 1) throw new Error('hung up');
      return attempt;
    },
    check: async ({ attempt }) => {
      if (attempt === 2) await slow.promise;
      return { ran: false };
    },
    idempotent: false,
    timeoutMs: 1_000,
    compensate: 'nothing',
  });
  const sagas = await scene.worker([saga]);
  expect(await scene.clock.runUntil(sagas.run(saga, {}))).toEqual({ a: 3 });
  slow.open();
  await scene.clock.advance(0);
  expect(calls).toEqual([1, 3]);
  await sagas.close();
});
