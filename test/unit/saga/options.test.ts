import { describe, expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { groupStep } from '../../../src/saga/group-step.js';
import { InMemorySagaStore } from '../../../src/saga/in-memory-saga-store.js';
import { SagaOrchestrator } from '../../../src/saga/orchestrator.js';

const good = { forward: () => 1, compensate: 'nothing' as const };
const one = defineSaga('one').step('a', good);
const store = new InMemorySagaStore();
const anything: readonly unknown[] = [NaN, -1, Infinity, 1.5, 2 ** 31, '5', null, {}];

/** What is refused of `values`, each with a message that names the option, the rule and the value. */
function refused(values: readonly unknown[], make: (value: never) => unknown, message: RegExp): unknown[] {
  return values.filter(value => {
    try {
      make(value as never);
      return false;
    } catch (error) {
      expect(error).toBeInstanceOf(typeof value === 'number' ? RangeError : TypeError);
      expect((error as Error).message).toMatch(message);
      const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
      const got = typeof value === 'object' && value !== null ? 'an object' : shown;
      expect((error as Error).message).toContain(`got ${got}`);
      return true;
    }
  });
}

const but = (...good: readonly unknown[]): unknown[] => anything.filter(value => !good.includes(value));

describe('an option of an orchestrator that breaks its rule is refused', () => {
  const make = (options: object) => new SagaOrchestrator({ store, definitions: [one], ...options });

  it.each<[option: string, refused: readonly unknown[], rule: string]>([
    ['concurrency', anything, 'an integer >= 1 <= 100000'],
    ['leaseMs', but(1.5), 'a number >= 1 <= 2147483647'],
    ['marginMs', but(1.5), 'a number >= 0 <= 15000'],
    ['pollMs', but(1.5), 'a number >= 1 <= 2147483647'],
    ['maxPollMs', anything, 'a number >= 250 <= 2147483647'],
    ['recheckMs', but(1.5), 'a number >= 1 <= 2147483647'],
    ['maxDataLength', anything, 'an integer >= 1 <= 268435456'],
    ['drainMs', but(1.5, Infinity, 2 ** 31), 'a number >= 0, or Infinity'],
    ['name', but('5'), 'a string'],
    ['clock', anything, 'a Clock'],
    ['random', anything, 'a function'],
    ['store', anything, 'a SagaStore'],
    ['definitions', anything, 'a list of definitions'],
  ])('%s', (option, bad, rule) => {
    const message = new RegExp(`^SagaOrchestrator: \`${option}\` must be ${rule}, got `);
    expect(refused(bad, value => make({ [option]: value }), message)).toEqual(bad);
  });

  it('and so is one that nobody knows, a saga twice, and one without steps', () => {
    expect(() => make({ leaseMS: 5 })).toThrow('unknown option `leaseMS`; known are concurrency, leaseMs');
    expect(() => make({ definitions: [one, one] })).toThrow('`definitions` has "one", version 1, twice');
    expect(() => make({ definitions: [defineSaga('none')] })).toThrow('the saga "none" has no steps');
    expect(() => make({ definitions: [{ name: 'x' }] })).toThrow(
      'must be a list of definitions, got an object',
    );
  });
});

describe('an option of a saga that breaks its rule is refused', () => {
  it.each<[option: string, refused: readonly unknown[], rule: string]>([
    ['version', but(2 ** 31), 'an integer >= 1'],
    ['concurrency', anything, 'an integer >= 1 <= 100'],
    ['input', anything, 'a Standard Schema'],
  ])('%s', (option, bad, rule) => {
    const message = new RegExp(`^defineSaga: \`${option}\` must be ${rule}, got `);
    expect(refused(anything, value => defineSaga('s', { [option]: value }), message)).toEqual(bad);
  });

  it.each(['', '1', 'a b', 'a:b', 'constructor', 'x'.repeat(65), 5, undefined])('the name %s', name => {
    expect(() => defineSaga(name as never)).toThrow(
      'defineSaga: `name` must be a letter, then at most 63 of',
    );
    expect(() => one.step(name as never, good)).toThrow('saga one: `step` must be a letter, then at most 63');
  });
});

describe('an option of a step that breaks its rule is refused', () => {
  const owner = 'saga one, step b';
  const rules: readonly [option: string, refused: readonly unknown[], rule: string][] = [
    ['forward', anything, 'a function'],
    ['timeoutMs', but(1.5, 2 ** 31, Infinity), 'a number > 0, or Infinity'],
    ['policy', anything, 'a policy'],
    ['classify', anything, 'a function'],
    ['when', anything, 'a function'],
    ['check', anything, 'a function'],
    ['after', anything, 'a list of steps'],
    ['idempotent', anything, 'true or false'],
    ['nullSafe', anything, 'true or false'],
    ['compensate', anything, "a function, or 'nothing'"],
  ];

  it.each(rules)('%s', (option, bad, rule) => {
    const message = new RegExp(`^${owner}: \`${option}\` must be ${rule.replaceAll('(', '\\(')}, got `);
    const make = (value: unknown): unknown => one.step('b', { ...good, [option]: value } as never);
    expect(refused(anything, make, message)).toEqual(bad);
  });

  it.each<[option: string, refused: readonly unknown[], rule: string]>([
    ['attempts', but(2 ** 31, Infinity), 'an integer >= 1, or Infinity'],
    ['maxElapsedMs', but(1.5, 2 ** 31, Infinity), 'a number >= 0, or Infinity'],
  ])('retry.%s, in both directions', (option, bad, rule) => {
    for (const [path, inner] of [
      ['retry', ''],
      ['compensation', ': `compensation`'],
    ] as const) {
      const make = (value: unknown): unknown => {
        const retry = { [option]: value } as never;
        const rest = path === 'retry' ? { retry } : { compensate: () => {}, compensation: { retry } };
        return one.step('b', { ...good, ...rest });
      };
      const message = new RegExp(`^${owner}${inner}: \`retry.${option}\` must be ${rule}, got `);
      expect(refused(anything, make, message)).toEqual(bad);
    }
  });

  it.each<[options: object, message: string]>([
    [{ retry: { backoff: null } }, '`retry.backoff` must be an object, got null'],
    [
      { retry: { backoff: { kind: 'constant', delayMs: NaN } } },
      '`retry.backoff.delayMs` must be a number >= 0 <= 9007199254740991, got NaN',
    ],
    [{ retry: { times: 3 } }, '`retry`: unknown option `times`; known are attempts'],
    [{ compensation: null, compensate: () => {} }, '`compensation` must be an object, got null'],
    [{ compensation: { tries: 1 }, compensate: () => {} }, '`compensation`: unknown option `tries`'],
    [{ compensations: () => {} }, 'unknown option `compensations`'],
    [{ after: ['c'] }, '`after` must be a list of steps before this one, got "c"'],
  ])('%o', (options, message) => {
    expect(() => one.step('b', { ...good, ...options } as never)).toThrow(message);
  });

  it('also of a step that stands in `groupStep`, which is the step itself', () => {
    expect(groupStep(good)).toBe(good);
    const bad = groupStep({ ...good, timeoutMs: -1 });
    expect(() => defineSaga('s').parallel({ a: bad })).toThrow('step a: `timeoutMs` must be a number > 0');
  });

  it('and so is a name that is taken, a step too many, and a step that is none', () => {
    expect(() => one.step('a', good)).toThrow('saga one, step a: there is a step of that name');
    expect(() => one.parallel({ a: good })).toThrow('saga one, step a: there is a step of that name');
    expect(() => one.step('b', undefined as never)).toThrow('`options` must be an object, got undefined');
    expect(() => one.parallel(null as never)).toThrow(
      'saga one: parallel: `options` must be an object, got null',
    );
    expect(() => one.parallel({ b: { ...good, after: ['a'] } })).toThrow(
      '`after` must be left out within a group',
    );
    let long = one as typeof one;
    for (let n = 0; n < 199; n++) long = long.step(`s${n}`, good) as never;
    expect(() => long.step('more', good)).toThrow('a saga has at most 200 steps; make some of them a saga');
  });

  it('where it stands in no order that can be kept', () => {
    const decided = one.pivot('p', { forward: () => 1 });
    expect(() => decided.pivot.call(decided as never, 'q', { forward: () => 1 })).toThrow(
      'one pivot at most',
    );
    expect(() => decided.step('b', { forward: () => 1, after: ['a'] })).toThrow(
      '"b" must not begin before the pivot "p" is over',
    );
    expect(() => decided.step('b', { ...good } as never)).toThrow('unknown option `compensate`');
    expect(() => one.pivot('p', { forward: () => 1, when: () => true } as never)).toThrow(
      'unknown option `when`',
    );
  });
});

describe('what a saga waits for breaks a rule and is refused', () => {
  it.each<[name: string, make: (value: never) => unknown, refused: readonly unknown[], rule: string]>([
    ['ms', value => one.sleep('b', value), but(1.5, 2 ** 31), 'a number >= 0 <= 9007199254740991'],
    [
      'timeoutMs',
      value => one.waitForEvent('b', { timeoutMs: value }),
      but(1.5, 2 ** 31, Infinity),
      'a number >= 0, or Infinity',
    ],
    ['event', value => one.waitForEvent('b', { event: value }), but('5'), 'a name'],
    ['onTimeout', value => one.waitForEvent('b', { onTimeout: value }), anything, "'fail' or 'continue'"],
    ['schema', value => one.waitForEvent('b', { schema: value }), anything, 'a Standard Schema'],
    ['lock', value => one.lock('b', value), anything, 'a function'],
    [
      'timeoutMs',
      value => one.lock('b', () => 'k', { timeoutMs: value }),
      but(1.5, 2 ** 31, Infinity),
      'a number >= 0, or Infinity',
    ],
    [
      'leaseMs',
      value => one.lock('b', () => 'k', { leaseMs: value }),
      but(1.5, 2 ** 31),
      'a number >= 1 <= 9007199254740991',
    ],
    ['child', value => one.saga('b', value, () => ({})), anything, 'a saga definition'],
    ['input', value => one.saga('b', defineSaga('c').step('x', good), value), anything, 'a function'],
  ])('%s', (option, make, bad, rule) => {
    const message = new RegExp(`^saga one, step b: \`${option}\` must be ${rule}, got `);
    expect(refused(anything, make, message)).toEqual(bad);
  });
});

describe('an option of a store in memory, of a start and of a list', () => {
  const limits = ['maxFinished', 'maxHistory', 'maxSignals', 'maxSignalsPerSaga'];
  it.each(limits)('%s breaks its rule and is refused', option => {
    const message = new RegExp(`^InMemorySagaStore: \`${option}\` must be an integer >= 1, got `);
    expect(refused(anything, value => new InMemorySagaStore({ [option]: value }), message)).toEqual(
      but(2 ** 31),
    );
  });

  const sagas = new SagaOrchestrator({ store, definitions: [one] });

  it.each<[does: string, call: () => Promise<unknown>, message: string]>([
    [
      'start',
      () => sagas.start(one, {}, { key: '' }),
      'start: `key` must be a text of 1 to 256 characters, got ""',
    ],
    [
      'start',
      () => sagas.start(one, {}, { id: 5 as never }),
      'start: `id` must be a text of 1 to 128 characters, got 5',
    ],
    [
      'start',
      () => sagas.start(one, {}, { id: 'x'.repeat(129) }),
      'start: `id` must be a text of 1 to 128 characters, got "xxx',
    ],
    ['start', () => sagas.start(one, {}, { ids: 'x' } as never), 'start: unknown option `ids`'],
    [
      'start',
      () => sagas.start(undefined as never, {}),
      'start: `definition` must be a saga definition, got undefined',
    ],
    ['start', () => sagas.start(one, 1n), 'the input of "one" is a bigint, which JSON cannot hold'],
    [
      'start',
      () => sagas.start(one, 'x'.repeat(300_000)),
      'the input of "one" is larger than 262144 characters',
    ],
    ['list', () => sagas.list({ limit: NaN }), 'list: `limit` must be an integer >= 1 <= 10000, got NaN'],
    ['list', () => sagas.list({ state: 'x' } as never), 'list: unknown option `state`'],
    ['purge', () => sagas.purge(-1), 'purge: `ageMs` must be a number >= 0, got -1'],
    ['purge', () => sagas.purge(0, 1.5), 'purge: `limit` must be an integer >= 1, got 1.5'],
  ])('%s says what is wrong', async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
  });
});
