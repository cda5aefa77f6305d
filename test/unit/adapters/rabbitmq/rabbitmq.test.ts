import { describe, expect, it } from 'vitest';
import { rabbitmq } from '../../../../src/adapters/rabbitmq/rabbitmq.js';

const connect = () => Promise.reject(Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' }));

describe('rabbitmq', () => {
  it.each([
    ['connect', { connect: undefined }],
    ['prefix', { prefix: 'a:b' }],
    ['prefix', { prefix: 'a'.repeat(33) }],
    ['topology', { topology: 'make' }],
    ['mandatory', { mandatory: 1 }],
    ['maxLength', { maxLength: 0 }],
    ['maxDeadLetters', { maxDeadLetters: 1.5 }],
    ['consumerTimeoutMs', { consumerTimeoutMs: 1 }],
    ['maxRecordBytes', { maxRecordBytes: Infinity }],
    ['pefix', { pefix: 'keelson' }],
  ])('refuses a wrong `%s`', (option, wrong) => {
    expect(() => rabbitmq({ connect, ...(wrong as object) })).toThrow(`\`${option}\``);
  });

  it('tells the longest lease from what the server allows', () => {
    expect(rabbitmq({ connect }).capabilities.longestLeaseMs).toBe(1_500_000);
    expect(rabbitmq({ connect, consumerTimeoutMs: Infinity }).capabilities.longestLeaseMs).toBe(Infinity);
  });

  it('rejects where it cannot connect, and closes all the same, twice', async () => {
    const driver = rabbitmq({ connect });
    await expect(driver.connect()).rejects.toThrow('nobody there');
    const spec = { pattern: 'a', group: 'g', start: 'latest', order: 'none', leaseMs: 1_000 } as const;
    const sink = { deliver() {}, ready() {}, lost() {} };
    await expect(driver.subscribe({ ...spec, topology: 'ensure' }, sink)).rejects.toThrow('nobody there');
    await Promise.all([driver.close(), driver.close()]);
    await expect(driver.connect()).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
    expect(() => driver.publish([])).toThrow('closed');
  });
});
