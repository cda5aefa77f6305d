import { describe, expect, it } from 'vitest';
import { type JetStreamOptions, jetStream } from '../../../../src/adapters/nats/jetstream.js';

/** A connection to nobody, which counts who listens to it. */
function connectionToNobody(info: object | undefined) {
  let listeners = 0;
  const nothing = () => {};
  const client = {
    ...{ info, request: nothing, publish: nothing, subscribe: nothing },
    ...{ isClosed: () => false, isDraining: () => false },
    status() {
      let end = nothing;
      listeners++;
      const ended = new Promise<void>(resolve => {
        end = resolve;
      });
      const next = () => ended.then(() => ({ done: true, value: undefined }));
      const stop = () => {
        listeners--;
        end();
      };
      return { stop, [Symbol.asyncIterator]: () => ({ next }) };
    },
  };
  return { client: client as unknown as JetStreamOptions['client'], listeners: () => listeners };
}

describe('a driver for JetStream', () => {
  it('takes as much as the server does, without the way in which headers are written', () => {
    const sizeOf = (info: object | undefined, options: Partial<JetStreamOptions> = {}) =>
      jetStream({ client: connectionToNobody(info).client, ...options }).capabilities.maxRecordBytes;
    expect(sizeOf({ max_payload: 8_000_000 })).toBe(8_000_000 - 4_096);
    expect(sizeOf(undefined)).toBe(1_048_576 - 4_096);
    expect(sizeOf({ max_payload: 100 })).toBe(1);
    expect(sizeOf({ max_payload: 8_000_000 }, { maxRecordBytes: 500 })).toBe(500);
  });

  it.each<[object, string]>([
    [{ client: {} }, '`client` must be a connection of @nats-io/transport-node, with `request`'],
    [{ prefix: 'a.b' }, '`prefix` must be 1 to 64 characters of A-Z a-z 0-9 _ -'],
    [{ apiPrefix: '$JS. API' }, '`apiPrefix` must be tokens with dots between them'],
    [{ maxBytes: 1 }, '`maxBytes` must be'],
    [{ maxDeadLetters: 0 }, '`maxDeadLetters` must be'],
    [{ dedupeWindowMs: 1 }, '`dedupeWindowMs` must be'],
    [{ replicas: 6 }, '`replicas` must be'],
    [{ storage: 'tape' }, '`storage` must be'],
    [{ topology: 'mend' }, '`topology` must be'],
    [{ maxRecordBytes: 0 }, '`maxRecordBytes` must be'],
    [{ retries: 1 }, 'retries'],
  ])('refuses %o', (options, text) => {
    const { client } = connectionToNobody({});
    expect(() => jetStream({ client, ...options } as JetStreamOptions)).toThrow(text);
  });

  it('fails at once while there is no connection, and says that nothing was sent', async () => {
    const { client } = connectionToNobody(undefined);
    const driver = jetStream({ client });
    await expect(driver.connect()).rejects.toThrow('nats: there is no connection');
    const record = { id: 'i', topic: 't', key: undefined, headers: {}, body: new Uint8Array() };
    const rest = { notBefore: undefined, expiresAt: undefined, priority: 0, group: undefined };
    const outcomes = await driver.publish([{ ...record, ...rest }]);
    expect(outcomes).toMatchObject([{ ok: false, retryable: true, maybeStored: false }]);
    await driver.close();
  });

  it('refuses a server that is too old', async () => {
    const driver = jetStream({ client: connectionToNobody({ version: '2.8.4' }).client });
    await expect(driver.connect()).rejects.toMatchObject({
      code: 'ERR_TOPOLOGY',
      message: 'nats: the server must be 2.9 or later, is 2.8.4',
    });
  });

  it('listens to the connection no more when it is closed, and closes twice', async () => {
    const { client, listeners } = connectionToNobody({});
    const driver = jetStream({ client });
    expect(listeners()).toBe(1);
    await Promise.all([driver.close(), driver.close()]);
    expect(listeners()).toBe(0);
    await expect(driver.publish([])).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
  });
});
