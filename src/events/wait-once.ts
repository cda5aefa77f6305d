import type { Clock } from '../kernel/clock.js';
import { TimeoutError } from '../kernel/errors.js';
import { checkKeys, refuse } from '../kernel/options.js';
import { checkSignal, checkTimeout, type OnceOptions } from './event-bus-options.js';
import type { ListenerRoll } from './listener-roll.js';

/** Waits for one event of a bus. Whatever is wrong is a rejection. */
export function waitOnce<Payload>(
  roll: ListenerRoll,
  bus: { readonly name: string; readonly clock: Clock },
  pattern: string,
  options: OnceOptions<Payload>,
): Promise<Payload> {
  return new Promise((resolve, reject) => {
    const owner = 'once';
    checkKeys(owner, options, ['signal', 'where', 'timeoutMs']);
    const { signal, where } = options;
    if (where !== undefined && typeof where !== 'function') refuse(owner, 'where', 'a function', where);
    const timeoutMs = checkTimeout(owner, options.timeoutMs);
    checkSignal(owner, signal);
    let settled = false;
    const end = (settle: () => void): void => {
      settled = true;
      settle();
      off();
    };
    const judge = (payload: Payload): void => {
      try {
        if (where === undefined || where(payload)) end(() => resolve(payload));
      } catch (error) {
        end(() => reject(error));
      }
    };
    const expire = (): void => {
      const message = `${bus.name}: no "${pattern}" within ${timeoutMs} ms`;
      end(() => reject(new TimeoutError(message, timeoutMs, { policy: bus.name })));
    };
    const off = roll.listen({
      owner,
      pattern,
      call: payload => judge(payload as Payload),
      signal,
      onEnd: () => {
        timer?.cancel();
        if (!settled) reject(signal?.aborted ? signal.reason : roll.closedError());
      },
    });
    if (signal?.aborted) reject(signal.reason);
    const timer =
      timeoutMs < Infinity && !signal?.aborted ? bus.clock.schedule(timeoutMs, expire, true) : undefined;
  });
}
