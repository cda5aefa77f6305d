import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ConnectCallback, NotificationSource } from '../../../../src/adapters/postgres/client.js';
import { Database } from '../../../../src/adapters/postgres/database.js';
import { Notifications } from '../../../../src/adapters/postgres/notifications.js';
import { settle } from '../../../../src/testing/settle.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';

/** A connection as `pg` lends it: an error that nobody listens to is thrown. */
class Connection extends EventEmitter {
  readonly asked: string[] = [];
  released = 0;

  async query(text: string): Promise<{ rows: never[] }> {
    this.asked.push(text);
    return { rows: [] };
  }

  release(): void {
    this.released++;
  }
}

/** What whoever lends connections answers at once. */
type Lent = ReturnType<Extract<NotificationSource, { connect: unknown }>['connect']>;

/** Notifications on what lends these connections, one after the other. */
function scene(lend: (connection: Connection, callback: ConnectCallback) => Lent) {
  const clock = new VirtualClock();
  const connections: Connection[] = [];
  let woken = 0;
  const source = {
    connect(callback: ConnectCallback): Lent {
      const connection = new Connection();
      connections.push(connection);
      return lend(connection, callback);
    },
  };
  const db = new Database({ query: async () => ({ rows: [] }) }, 'app', clock, 1_000);
  const notifications = new Notifications(db, source, () => void woken++, 'news');
  return { clock, connections, notifications, woken: () => woken };
}

const byCallback = (connection: Connection, callback: ConnectCallback): void =>
  callback(undefined, connection);

describe('notifications', () => {
  it('hear of the end of a connection that comes in the same breath as the connection', async () => {
    let lost = false;
    const { clock, connections, notifications, woken } = scene((connection, callback) => {
      callback(undefined, connection);
      if (lost) return;
      lost = true;
      // Both were in one packet.
      connection.emit('error', new Error('terminating connection due to administrator command'));
    });
    notifications.listen();
    await settle();
    expect(connections.map(({ released }) => released)).toEqual([1]);
    await clock.advance(1_000);
    expect(connections.map(({ released }) => released)).toEqual([1, 0]);
    connections[1]?.emit('notification');
    expect(woken()).toBe(2);
    await notifications.close();
    expect(connections.map(({ released }) => released)).toEqual([1, 1]);
  });

  it('listen on what is lent with a promise as well', async () => {
    const { connections, notifications, woken } = scene(async connection => connection);
    notifications.listen();
    await settle();
    expect(connections.map(({ asked }) => asked)).toEqual([['LISTEN news']]);
    connections[0]?.emit('notification');
    expect(woken()).toBe(2);
    await notifications.close();
  });

  it('ask for another connection when one is lost, and again when there is none', async () => {
    let refusals = 0;
    const { clock, connections, notifications } = scene((connection, callback) => {
      if (connections.length < 2 || connections.length > 3) byCallback(connection, callback);
      else {
        refusals++;
        callback(new Error('nobody is there'), undefined);
      }
    });
    notifications.listen();
    await settle();
    connections[0]?.emit('end');
    connections[0]?.emit('error', new Error('it ended'));
    expect(connections[0]?.released).toBe(1);
    await clock.advance(10_000);
    expect([connections.length, refusals]).toEqual([4, 2]);
    expect(connections[3]?.asked).toEqual(['LISTEN news']);
    await notifications.close();
    await clock.advance(60_000);
    expect(connections.length).toBe(4);
  });
});
