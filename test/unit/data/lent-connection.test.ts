import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type LendCallback, lent, unheard } from '../../../src/data/lent-connection.js';
import { settle } from '../../../src/testing/settle.js';

/** A connection as clients lend it: an error that nobody listens to is thrown. */
class Connection extends EventEmitter {
  released = 0;

  release(): void {
    this.released++;
  }
}

const patient = () => new AbortController().signal;
const broken = new Error('terminating connection');
type Callback = LendCallback<Connection>;

describe('a connection that is lent', () => {
  it('may break in the turn in which it comes by the callback', async () => {
    const connection = new Connection();
    const coming = lent((callback: Callback) => {
      callback(undefined, connection);
      // Both were in one packet.
      connection.emit('error', broken);
    }, patient());
    expect(await coming).toBe(connection);
    unheard(connection);
    expect(connection.listenerCount('error')).toBe(0);
  });

  it('may come with a promise, and need not be one that tells of itself', async () => {
    const plain = { release: () => {} };
    expect(await lent(async () => plain, patient())).toBe(plain);
    unheard(plain);
    const connection = new Connection();
    await lent(async () => connection, patient());
    expect(() => connection.emit('error', broken)).not.toThrow();
  });

  it('is refused in the words of the pool, however it says so', async () => {
    const refused = lent<Connection>(callback => callback(broken, undefined), patient());
    await expect(refused).rejects.toBe(broken);
    await expect(lent<Connection>(() => Promise.reject(broken), patient())).rejects.toBe(broken);
    const thrown = lent<Connection>(() => {
      throw broken;
    }, patient());
    await expect(thrown).rejects.toBe(broken);
  });

  it('is not asked for, or given back as it came, when nobody waits any more', async () => {
    const late = new AbortController();
    let answer: Callback = () => {};
    const coming = lent((callback: Callback) => {
      answer = callback;
    }, late.signal);
    const reason = new Error('gave up');
    late.abort(reason);
    await expect(coming).rejects.toBe(reason);
    const connection = new Connection();
    answer(undefined, connection);
    await settle();
    expect([connection.released, connection.listenerCount('error')]).toEqual([1, 0]);
    let asked = 0;
    await expect(lent<Connection>(() => void asked++, late.signal)).rejects.toBe(reason);
    expect(asked).toBe(0);
  });
});
