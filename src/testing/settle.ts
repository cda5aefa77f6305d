type Enqueue = (callback: () => void) => void;

function throughChannel(callback: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(undefined);
}

/** Taken when the module loads, so that a test runner's fake timers do not stop it. */
const enqueueTurn: Enqueue = typeof setImmediate === 'function' ? setImmediate : throughChannel;

/**
 * Resolves when every microtask that is due has run, however long the chain of promises: the next turn of the
 * event loop begins only then. What waits for real timers or I/O is not waited for.
 *
 * @param turns How many turns to let pass. More than one is for code that itself defers to the next turn.
 * @example
 * ```ts
 * import { settle } from 'keelson/testing';
 *
 * let done = false;
 * void Promise.resolve().then(() => {}).then(() => { done = true; });
 * await settle();
 * done; // => true
 * ```
 */
export async function settle(turns = 1): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>(enqueueTurn);
}
