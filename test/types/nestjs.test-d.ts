import { CircuitBreaker, Fallback, type Policy } from '../../src/index.js';
import { guardedBy, policiesModule } from '../../src/nestjs.js';

const breaker = new CircuitBreaker();

class Stock {
  declare readonly own: Policy;

  @guardedBy(breaker)
  async count(_sku: string): Promise<number> {
    return 7;
  }

  @guardedBy((self: Stock) => self.own)
  async own7(): Promise<number> {
    return 7;
  }

  // What a fallback answers has to be of the type of the method.
  @guardedBy(new Fallback({ value: 0 }))
  async numbers(): Promise<number> {
    return 7;
  }

  // @ts-expect-error: a text where a number is promised.
  @guardedBy(new Fallback({ value: 'none' }))
  async texts(): Promise<number> {
    return 7;
  }

  // @ts-expect-error: a method that answers at once has nobody to wait for a policy.
  @guardedBy(breaker)
  atOnce(): number {
    return 7;
  }

  // @ts-expect-error: the instance has no such policy.
  @guardedBy((self: Stock) => self.other)
  async other7(): Promise<number> {
    return 7;
  }
}

policiesModule({ breaker, fallback: new Fallback({ value: 1 }) });
// @ts-expect-error: no policy.
policiesModule({ breaker: {} });

export const count: (sku: string) => Promise<number> = new Stock().count;
