import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { grpcInterceptor } from '../../../../src/adapters/grpc/grpc-interceptor.js';
import { grpcVerdict } from '../../../../src/adapters/grpc/grpc-verdict.js';
import { pipeline } from '../../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../../src/resilience/bulkhead.js';
import { Retry } from '../../../../src/resilience/retry.js';
import { ask, codeOf, stockOfEach } from './stock-service.js';

const stage = stockOfEach();

describe('a call that is given up', () => {
  it('while it waits for its turn, or between attempts, is not made', async () => {
    stage.serve['count'] = (_, reply) => reply({ code: status.UNAVAILABLE, details: 'busy' });
    const slow = new Retry({ backoff: { kind: 'constant', delayMs: 60_000 }, classify: grpcVerdict });
    const client = stage.client([grpcInterceptor({ policy: slow, repeatable: () => true })]);
    const ended = new Promise<ServiceError | null>(resolve => {
      const call = client.count({}, (error: ServiceError | null) => resolve(error));
      setTimeout(() => call.cancel(), 80);
    });
    expect(await ended).toMatchObject({ code: status.CANCELLED, details: 'Cancelled on client' });
    expect(stage.seen).toHaveLength(1);
  });

  it('at once is told of when whoever gave it up is done', async () => {
    const heard: string[] = [];
    const client = stage.client([grpcInterceptor({ policy: pipeline(), repeatable: () => true })]);
    const ended = new Promise<void>(resolve => {
      const call = client.count({}, (error: ServiceError | null) => {
        heard.push(status[error!.code]!);
        resolve();
      });
      call.cancel();
      heard.push('cancelled');
    });
    await ended;
    expect(heard).toEqual(['cancelled', 'CANCELLED']);
  });

  it('ends with the call of a server that it is a part of, also while it waits', async () => {
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    const client = stage.client([grpcInterceptor({ policy: bulkhead, repeatable: () => true })]);
    const inner: Promise<unknown>[] = [];
    stage.serve['count'] = (call, reply) => {
      if (call.request === 'inner') return;
      inner.push(codeOf(ask(client, 'inner', new Metadata(), { parent: call })));
      if (inner.length === 3) reply(null, 'done');
    };
    const plain = stage.client([]);
    const outer = [0, 1].map(() => plain.count('outer', () => {}));
    await expect.poll(() => [inner.length, bulkhead.snapshot().waiting]).toEqual([2, 1]);
    for (const call of outer) call.cancel();
    expect(await Promise.all(inner)).toEqual(['CANCELLED', 'CANCELLED']);
    await expect.poll(() => bulkhead.snapshot().taken).toBe(0);
  });

  it('has no more time than the call of a server that it is a part of', async () => {
    let deadline: unknown;
    const client = stage.client([grpcInterceptor({ policy: pipeline(), repeatable: () => true })]);
    stage.serve['count'] = (call, reply) => {
      if (call.request === 'inner') deadline = call.getDeadline();
      else
        void codeOf(ask(client, 'inner', new Metadata(), { parent: call })).then(code => reply(null, code));
      if (call.request === 'inner') reply(null, {});
    };
    const plain = stage.client([]);
    const until = Date.now() + 2_000;
    expect(await ask(plain, 'outer', new Metadata(), { deadline: until })).toBe('answered');
    expect(Math.abs(Number(deadline) - until)).toBeLessThan(500);
  });
});
