import { describe, expect, it } from 'vitest';
import type { OutRecord, PublishOutcome } from '../../../src/messaging/driver.js';
import { createBus } from '../../../src/messaging/driver-bus.js';
import { InMemoryBroker } from '../../../src/messaging/in-memory-broker.js';
import { type MemoryCapabilities, MemoryDriver } from '../../../src/messaging/memory-driver.js';
import type { SqlTransaction } from '../../../src/messaging/sql-transaction.js';
import { topic } from '../../../src/messaging/topic.js';

type Capable = MemoryCapabilities & { readonly transactionalPublish: true };

/** A driver that notes what it is handed within transactions. */
class NotingDriver extends MemoryDriver {
  declare readonly capabilities: Capable;
  readonly within: { readonly ids: readonly string[]; readonly transaction: SqlTransaction }[] = [];
  answer: ((records: readonly OutRecord[]) => Promise<readonly PublishOutcome[]>) | undefined;
  running = 0;
  most = 0;

  constructor() {
    super(new InMemoryBroker({ maxRecordBytes: 1_000 }));
    (this as { capabilities: Capable }).capabilities = { ...this.capabilities, transactionalPublish: true };
  }

  override async publish(
    records: readonly OutRecord[],
    transaction?: SqlTransaction,
  ): Promise<readonly PublishOutcome[]> {
    if (transaction === undefined) return super.publish(records);
    this.within.push({ ids: records.map(({ id }) => id), transaction });
    this.most = Math.max(this.most, ++this.running);
    await new Promise(resolve => setTimeout(resolve, 2));
    this.running--;
    return this.answer?.(records) ?? records.map((_, at) => ({ ok: true, position: String(at) }));
  }
}

const orders = topic<{ readonly n: number | string }>('orders');
const transactionOf = (): SqlTransaction => ({ query: async () => ({ rows: [] }) });

function scene() {
  const driver = new NotingDriver();
  return { driver, bus: createBus<Capable>(driver) };
}

describe('publishing within a transaction', () => {
  it('hands over what comes in one turn together, and one batch at a time', async () => {
    const { driver, bus } = scene();
    await bus.connect();
    const transaction = transactionOf();
    const send = (id: string) => bus.publish(orders, { n: 1 }, { id, transaction });
    const first = Promise.all(['a', 'b'].map(send));
    await Promise.resolve().then(() => new Promise(resolve => setImmediate(resolve)));
    const later = await Promise.all([send('c'), send('d')]);
    expect((await first).map(({ position }) => position)).toEqual(['0', '1']);
    expect(later[1]).toEqual({ id: 'd', position: '1', duplicate: false });
    expect(driver.within.map(({ ids }) => ids)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(driver.most).toBe(1);
  });

  it('keeps transactions apart', async () => {
    const { driver, bus } = scene();
    const transactions = [transactionOf(), transactionOf()];
    await Promise.all(
      transactions.map((transaction, at) => bus.publish(orders, { n: at }, { id: `${at}`, transaction })),
    );
    expect(driver.within.map(({ transaction }) => transaction)).toEqual(transactions);
  });

  it('says what the database said, once, and goes on after it', async () => {
    const { driver, bus } = scene();
    const transaction = transactionOf();
    const error = new Error('current transaction is aborted');
    driver.answer = async records =>
      records.map(() => ({ ok: false, error, retryable: true, maybeStored: true }));
    const failed = await bus.publish(orders, { n: 1 }, { transaction }).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: 'ERR_PUBLISH', cause: error, retryable: false, maybeStored: false });
    expect(driver.within).toHaveLength(1);
    driver.answer = () => Promise.reject(error);
    await expect(bus.publish(orders, { n: 1 }, { transaction })).rejects.toBe(error);
    driver.answer = async () => [];
    await expect(bus.publish(orders, { n: 1 }, { transaction })).rejects.toThrow('said nothing of it');
    driver.answer = undefined;
    await bus.publish(orders, { n: 1 }, { transaction });
  });

  it('says of each of many what came of it', async () => {
    const { driver, bus } = scene();
    const data = [{ n: 1 }, { n: 'x'.repeat(2_000) }, { n: 3 }];
    const results = await bus.publishAll(orders, data, { transaction: transactionOf() });
    expect(results.map(result => result.ok)).toEqual([true, false, true]);
    expect(results[1]).toMatchObject({ error: { code: 'ERR_RECORD_TOO_LARGE' } });
    expect(driver.within).toHaveLength(1);
  });

  it('is refused by a bus that is closed, and by a broker that knows no transactions', async () => {
    const { bus } = scene();
    await bus.close();
    const transaction = transactionOf();
    await expect(bus.publish(orders, { n: 1 }, { transaction })).rejects.toMatchObject({
      code: 'ERR_BUS_CLOSED',
    });
    const memory = createBus(new MemoryDriver(new InMemoryBroker()));
    const options = { transaction } as never;
    await expect(memory.publish(orders, { n: 1 }, options)).rejects.toMatchObject({
      code: 'ERR_UNSUPPORTED',
    });
  });

  it('is told of a transaction that is none', async () => {
    const { bus } = scene();
    const sent = bus.publish(orders, { n: 1 }, { transaction: 'tx' as never });
    await expect(sent).rejects.toThrow('`transaction` must be what has a `query(text, params)`');
  });
});
