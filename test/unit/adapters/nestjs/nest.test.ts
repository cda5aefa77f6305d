import 'reflect-metadata';
import { Controller, Get, Inject, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from 'vitest';
import { Bulkhead, CircuitBreaker } from '../../../../src/index.js';
import { guardedBy, policiesModule, policyToken } from '../../../../src/nestjs.js';

type Decorate = (...words: unknown[]) => unknown;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Puts decorators on a method, the first above the second, as `experimentalDecorators` does. */
function decorate(type: { prototype: object }, key: string, decorators: readonly unknown[]): void {
  for (const each of [...decorators].reverse() as Decorate[]) {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, key)!;
    const changed = each(type.prototype, key, descriptor) as PropertyDescriptor | undefined;
    Object.defineProperty(type.prototype, key, changed ?? descriptor);
  }
}

async function application(above: boolean) {
  const stock = new CircuitBreaker({ name: 'stock', consecutiveFailures: 1 });
  class Shop {
    readonly policy: CircuitBreaker;
    constructor(policy: CircuitBreaker) {
      this.policy = policy;
    }
    async count(sku: string): Promise<string> {
      return `7 ${sku}`;
    }
  }
  const guard = guardedBy((self: Shop) => self.policy);
  decorate(Shop, 'count', above ? [guard, Get('/count/:sku')] : [Get('/count/:sku'), guard]);
  Param('sku')(Shop.prototype, 'count', 0);
  Inject(policyToken('stock'))(Shop, undefined, 0);
  Controller()(Shop);
  const line = new Bulkhead({ name: 'line', slots: 1, queue: 1 });
  class App {}
  Module({ imports: [policiesModule({ stock, line })], controllers: [Shop] })(App);
  const app = await NestFactory.create(App, { logger: false });
  closing.push(() => app.close());
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const ask = async () => {
    const answer = await fetch(`${url}/count/apple`, { headers: { connection: 'close' } });
    return [answer.status, await answer.text()];
  };
  return { app, stock, line, ask };
}

describe('an application of Nest', () => {
  it.each([
    ['above', true],
    ['below', false],
  ])('has a route through an injected policy, the decorator %s that of Nest', async (_where, above) => {
    const { ask, stock } = await application(above);
    await expect(ask()).resolves.toEqual([200, '7 apple']);
    stock.isolate();
    expect((await ask())[0]).toBe(500);
  });

  it('ends its policies when it ends', async () => {
    const { app, line } = await application(true);
    void line.execute(() => new Promise(() => {}));
    const waits = line.execute(() => 'never');
    const refused = expect(waits).rejects.toThrow();
    await app.close();
    await refused;
  });
});

describe('policiesModule', () => {
  it('says whether all modules have it', () => {
    expect(policiesModule({}).global).toBe(true);
    expect(policiesModule({}, { global: false }).global).toBe(false);
  });

  it.each([
    [() => policiesModule({ stock: {} as never }), /`policies.stock` must be a policy, got/],
    [() => policiesModule(null as never), /`policies` must be an object of policies, got null/],
    [() => policiesModule({}, { global: 1 as never }), /`global` must be a boolean, got 1/],
  ])('refuses what cannot be: %s', (make, message) => expect(make).toThrow(message));
});
