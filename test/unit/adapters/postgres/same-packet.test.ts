import { createServer, type Socket } from 'node:net';
import { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { postgresDatabase } from '../../../../src/adapters/postgres/database-driver.js';
import { ServiceDatabase } from '../../../../src/data/service-database.js';

/** A message of the protocol: a letter, its length, what it says. */
function said(kind: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const welcome = Buffer.concat([said('R', Buffer.alloc(4)), said('Z', Buffer.from('I'))]);
const farewell = said('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0'));

/** A server that lets each client in, and ends it in the same packet. */
async function ending() {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.concat([welcome, farewell])));
  });
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  };
  return { port, close };
}

describe('a connection that is ended in the packet in which it was made', () => {
  it('fails its transaction, and not the process', async () => {
    const { port, close } = await ending();
    const client = new Pool({ host: '127.0.0.1', port, user: 'x', database: 'x' });
    client.on('error', () => {});
    const uncaught: unknown[] = [];
    const caught = process.listeners('uncaughtException');
    process
      .removeAllListeners('uncaughtException')
      .on('uncaughtException', error => void uncaught.push(error));
    try {
      const orders = new ServiceDatabase({ driver: postgresDatabase({ service: 'orders', client }) });
      const failed = orders.transaction(({ sql }) => sql.query('SELECT 1'));
      await expect(failed).rejects.toThrow();
      expect(uncaught).toEqual([]);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of caught) process.on('uncaughtException', listener);
      await client.end();
      await close();
    }
  });
});
