import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { CircuitBreaker, Fallback, pipeline, Timeout } from '../../../../src/index.js';
import { guardedBy } from '../../../../src/nestjs.js';

const breaker = () => new CircuitBreaker({ consecutiveFailures: 1 });

// The folder is within the repository, so that its files find the package by its name.
const folder = mkdtempSync(join(import.meta.dirname, 'compiled-'));
afterAll(() => rmSync(folder, { recursive: true }));

const source = `
export const classOf = (guardedBy, policy) => {
  class Stock {
    constructor(readonly name: string, readonly own?: unknown) {}
    @guardedBy(policy)
    async ask(sku: string, fails = false): Promise<string> {
      if (fails) throw new Error('down');
      return this.name + ' ' + sku;
    }
    @guardedBy(self => self.own)
    async askOwn(): Promise<number> {
      return 7;
    }
    @guardedBy(policy)
    throws(): Promise<number> {
      throw new Error('at once');
    }
  }
  return Stock;
};
`;

interface Stock {
  ask(sku: string, fails?: boolean): Promise<string>;
  askOwn(): Promise<number>;
  throws(): Promise<number>;
}
type StockOf = new (name: string, own?: unknown) => Stock;

/** The class as TypeScript compiles it, with one kind of decorators or the other. */
async function stockOf(experimentalDecorators: boolean, policy: unknown): Promise<StockOf> {
  const as = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const compilerOptions = { ...as, experimentalDecorators };
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  const path = join(folder, `${experimentalDecorators ? 'older' : 'standard'}.mjs`);
  writeFileSync(path, outputText);
  const { classOf } = (await import(path)) as { classOf(...words: unknown[]): StockOf };
  return classOf(guardedBy, policy);
}

describe.each([
  ['as TC39 has it', false],
  ['as experimentalDecorators has it', true],
])('guardedBy, a decorator %s', (_name, older) => {
  it('runs a method through one policy for all instances, with what it was given', async () => {
    const Stock = await stockOf(older, breaker());
    await expect(new Stock('a').ask('apple')).resolves.toBe('a apple');
    await expect(new Stock('a').ask('apple', true)).rejects.toThrow('down');
    await expect(new Stock('b').ask('apple')).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
  });

  it('finds the policy in the instance, and rejects where there is none', async () => {
    const Stock = await stockOf(older, breaker());
    const guard = breaker();
    guard.isolate();
    await expect(new Stock('a', guard).askOwn()).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    await expect(new Stock('b', breaker()).askOwn()).resolves.toBe(7);
    await expect(new Stock('c').askOwn()).rejects.toThrow(
      'keelson/nestjs: `the policy of an instance` must be a policy, got undefined',
    );
  });

  it('keeps the name, the length and the rest of the property', async () => {
    const { prototype } = await stockOf(older, breaker());
    const { value, ...rest } = Object.getOwnPropertyDescriptor(prototype, 'ask')!;
    expect([value.name, value.length]).toEqual(['ask', 1]);
    expect(rest).toEqual({ configurable: true, enumerable: false, writable: true });
  });

  it('answers what the policy answers', async () => {
    const answers = pipeline(new Fallback({ value: 'none' }), new Timeout({ timeoutMs: 5_000 }));
    const Stock = await stockOf(older, answers);
    await expect(new Stock('a').ask('apple', true)).resolves.toBe('none');
  });

  it('turns what a method throws at once into a rejection', async () => {
    const Stock = await stockOf(older, breaker());
    await expect(new Stock('a').throws()).rejects.toThrow('at once');
  });
});

describe('guardedBy', () => {
  const apply = (...words: unknown[]): unknown =>
    (guardedBy(breaker()) as unknown as (...all: unknown[]) => unknown)(...words);

  it.each([
    [() => guardedBy({} as never), /`policy` must be a policy, got/],
    [() => guardedBy(undefined as never), /`policy` must be a policy, got undefined/],
    [() => apply({}, 'ask', { get: () => 1 }), /`target` must be a method, got undefined/],
    [() => apply(undefined, { kind: 'field', name: 'ask' }), /`target` must be a method, got undefined/],
    [() => apply({}, 'ask', { value: 1 }), /`target` must be a method, got 1/],
  ])('refuses what is none: %s', (make, message) => expect(make).toThrow(message));
});
