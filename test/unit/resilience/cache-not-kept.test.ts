import { expect, it } from 'vitest';
import { Cache } from '../../../src/resilience/cache.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

it('an answer that is not to be kept takes the old one out of service', async () => {
  const clock = new VirtualClock();
  let answers = 0;
  const cache = new Cache<number>({
    maxEntries: 5,
    ttlMs: value => (value === 1 ? 20 : 0),
    staleWhileRevalidateMs: 10_000,
    staleIfErrorMs: 10_000,
    clock,
  });
  const seen: number[] = [];
  for (let i = 0; i < 4; i++) {
    seen.push(await cache.execute(() => ++answers, { key: 'k' }));
    await settle();
    await clock.advance(30);
  }
  expect(seen).toEqual([1, 1, 3, 4]);
});
