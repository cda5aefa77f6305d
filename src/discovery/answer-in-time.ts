import type { Clock } from '../kernel/clock.js';
import { RegistryUnavailableError } from './registry-errors.js';

/** What `asked` comes to, or an error once `ms` have passed. What comes later is dropped. */
export function answerInTime<T>(clock: Clock, ms: number, what: string, asked: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const late = (): void => reject(new RegistryUnavailableError(`${what}: no answer within ${ms} ms`));
    const timer = clock.schedule(ms, late, true);
    const settle = (): void => timer.cancel();
    // A store that throws before there is a promise has failed like one that rejects.
    Promise.resolve().then(asked).then(resolve, reject).finally(settle);
  });
}
