import type { SagaStore } from '../../../src/saga/saga-store.js';
import type { SeededRandom } from '../../../src/testing/seeded-random.js';
import type { VirtualClock } from '../../../src/testing/virtual-clock.js';

/** How the way to the store is at the moment. */
export interface StoreWeather {
  stormy: boolean;
  down: boolean;
  /** How much of what is asked goes wrong. */
  readonly badRatio: number;
}

/**
 * A store behind a connection: it is slow, away for a while, or does what it was asked and is not heard; or
 * whoever asked is gone when it is done.
 */
export function flakyStore(
  store: SagaStore,
  clock: VirtualClock,
  random: SeededRandom,
  weather: StoreWeather,
  die: (() => void) | undefined,
): SagaStore {
  const sleep = (ms: number): Promise<void> => new Promise(resolve => clock.schedule(ms, resolve));
  return new Proxy(store, {
    get: (target, name: keyof SagaStore) => {
      // A hint, which need not come.
      if (name === 'onWake') return undefined;
      const method = target[name] as (...args: readonly unknown[]) => Promise<unknown>;
      return async (...args: readonly unknown[]) => {
        if (weather.down) {
          await sleep(1 + Math.floor(random() * 20));
          throw new Error('the store is away');
        }
        const what = weather.stormy && random() < weather.badRatio ? random() : 1;
        if (what < 0.3) await sleep(1 + Math.floor(random() * 300));
        else if (what < 0.5) throw new Error('the connection broke before it was asked');
        const answer = await method.apply(target, args as unknown[]);
        if (what >= 0.5 && what < 0.7) throw new Error('the connection broke before it answered');
        if (what >= 0.7 && what < 0.8) die?.();
        if (what >= 0.8 && what < 1) await sleep(1 + Math.floor(random() * 300));
        return answer;
      };
    },
  });
}
