/** Tells of a connection that a pool lends, or why there is none. */
export type LendCallback<Connection> = (error: unknown, connection: Connection | undefined) => void;

/** How a client of `node:events` is listened to; others have no such methods. */
interface Emitter {
  on?(event: 'error', listener: () => void): unknown;
  off?(event: 'error', listener: () => void): unknown;
}

const nothing = (): void => {};

/** From now on an `error` of the connection ends no process: whoever asks it next hears of that. */
const hear = (connection: unknown): void => void (connection as Emitter).on?.('error', nothing);

/** Ends what {@link lent} began, before the connection is given back. */
export const unheard = (connection: unknown): void => void (connection as Emitter).off?.('error', nothing);

/**
 * Borrows a connection. `ask` answers by the callback, or with a promise. By the callback its errors are
 * heard before this turn goes on: the server may have ended it in the same packet, a promise would tell of it
 * too late, and an `error` that nobody hears ends the process. One that comes when nobody waits for it any
 * more is given back.
 *
 * @throws What `ask` said; the reason of the signal.
 */
export async function lent<Connection extends { release(): void }>(
  ask: (callback: LendCallback<Connection>) => unknown,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const coming = new Promise<Connection>((resolve, reject) => {
    const take = (connection: Connection): void => {
      hear(connection);
      resolve(connection);
    };
    const promised = ask((error, connection) =>
      connection === undefined ? reject(error) : take(connection),
    );
    (promised as PromiseLike<Connection> | undefined)?.then(take, reject);
  });
  try {
    return await unlessAborted(() => coming, signal);
  } catch (error) {
    if (signal.aborted) coming.then(giveBack).catch(nothing);
    throw error;
  }
}

function giveBack(connection: { release(): void }): void {
  unheard(connection);
  connection.release();
}

/** Rejects with the reason of the signal as soon as that aborts. */
export async function unlessAborted<Value>(make: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
  let stop = nothing;
  const gone = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  gone.catch(nothing);
  try {
    const value = await Promise.race([make(), gone]);
    signal.throwIfAborted();
    return value;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
