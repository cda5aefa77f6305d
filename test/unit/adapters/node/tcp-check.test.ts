import { createServer, type Server } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tcpCheck } from '../../../../src/adapters/node/tcp-check.js';
import { HealthChecker } from '../../../../src/discovery/health-checker.js';
import { freePort } from '../../../fixtures/redis-server.js';

async function listening(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(socket => void socket.on('error', () => {}));
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>(resolve => void server.close(() => resolve())));
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

const context = { signal: new AbortController().signal, timeoutMs: 30_000 };

describe('a check over TCP', () => {
  it('passes where a connection is accepted, and leaves none behind', async () => {
    const { server, port } = await listening();
    const check = tcpCheck();
    expect(await check({ id: 'a', address: `127.0.0.1:${port}` }, context)).toBe(true);
    expect(await check({ id: 'a', address: `http://127.0.0.1:${port}` }, context)).toBe(true);
    expect(await tcpCheck({ port })({ id: 'a', address: 'http://127.0.0.1' }, context)).toBe(true);
    expect(await tcpCheck({ address: () => `127.0.0.1:${port}` })({ id: 'a' }, context)).toBe(true);
    const open = () => new Promise<number>(resolve => server.getConnections((_, count) => resolve(count)));
    while ((await open()) > 0) await new Promise(resolve => setTimeout(resolve, 5));
  });

  it('fails where nobody listens, or there is nothing to connect to', async () => {
    const port = await freePort();
    await expect(tcpCheck()({ id: 'a', address: `127.0.0.1:${port}` }, context)).rejects.toThrow(
      'ECONNREFUSED',
    );
    await expect(tcpCheck()({ id: 'a' }, context)).rejects.toThrow('`a` has no address');
    await expect(tcpCheck()({ id: 'a', address: 'mail.example' }, context)).rejects.toThrow('give `port`');
  });

  it('gives up when its time is over', async () => {
    const abort = new AbortController();
    // An address of nobody: it is neither accepted nor refused, or there is no way at all.
    const asked = tcpCheck()({ id: 'a', address: '192.0.2.1:9' }, { signal: abort.signal, timeoutMs: 1 });
    abort.abort();
    await expect(asked).rejects.toThrow();
  });

  it('is one that a checker can use', async () => {
    const [{ port }, closed] = [await listening(), await freePort()];
    const instances = [
      { id: 'up', address: `127.0.0.1:${port}` },
      { id: 'gone', address: `127.0.0.1:${closed}` },
    ];
    const health = new HealthChecker({ instances, check: tcpCheck(), intervalMs: 20, timeoutMs: 30_000 });
    onTestFinished(() => health.close());
    while (health.isHealthy('gone')) await new Promise(resolve => setTimeout(resolve, 5));
    expect(health.isHealthy('up')).toBe(true);
  });

  it.each([
    ['`address` must be a function', { address: 'x' }],
    ['`port` must be', { port: 0 }],
    ['unknown option `host`', { host: 'x' }],
  ])('refuses what is wrong: %s', (words, options) => {
    expect(() => tcpCheck(options as object)).toThrow(words);
  });
});
