import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Policy } from '../../../src/kernel/policy.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { shadow } from '../../../src/resilience/shadow.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { Gate } from '../../fixtures/gate.js';

const deadlock = { code: 'ERR_DEADLOCK', rejected: true, policy: 'bulkhead' };
const one = (): Bulkhead => new Bulkhead({ slots: 1, queue: 5 });
const inForce = { enforceRatio: 1 };

describe('a bulkhead behind another guard that is called from inside', () => {
  it.each<[string, () => Policy]>([
    ['keyed', () => keyed(one, { maxKeys: 2 })],
    ['keyed, in a pipeline', () => pipeline(keyed(one, { maxKeys: 2 }), new Timeout({ timeoutMs: 5_000 }))],
    [
      'keyed, inside a timeout',
      () => pipeline(new Timeout({ timeoutMs: 5_000 }), keyed(one, { maxKeys: 2 })),
    ],
    ['a shadow in force', () => shadow(one(), inForce)],
    ['keyed shadows in force', () => keyed(() => shadow(one(), inForce), { maxKeys: 2 })],
    ['a shadow in force of keyed ones', () => shadow(keyed(one, { maxKeys: 2 }), inForce)],
    ['a shadow of a shadow, both in force', () => shadow(shadow(one(), inForce), inForce)],
  ])('refuses the inner call when the outer one holds the only slot: %s', async (_, make) => {
    const policy = make();
    const inner = (context: Context): Promise<string> => policy.execute(() => 'inner', context);
    await expect(policy.execute(inner, { key: 'a' })).rejects.toMatchObject(deadlock);
    await expect(policy.execute(() => 'later', { key: 'a' })).resolves.toBe('later');
  });

  it('finds it for calls that had to wait themselves', async () => {
    const gate = new Gate();
    const bulkheads = keyed(one, { maxKeys: 2 });
    const first = bulkheads.execute(gate.operation('first'), { key: 'a' });
    const nest = (context: Context): Promise<string> => bulkheads.execute(() => 'inner', context);
    const second = bulkheads.execute(nest, { key: 'a' });
    gate.end('first');
    await first;
    await expect(second).rejects.toMatchObject(deadlock);
    expect(bulkheads.get('a').snapshot()).toMatchObject({ taken: 0, waiting: 0 });
  });

  it('lets a part wait that is of another key, or that somebody else makes room for', async () => {
    const gate = new Gate();
    const bulkheads = keyed(() => new Bulkhead({ slots: 1, queue: 5 }), {
      maxKeys: 2,
      key: ({ attributes }) => String(attributes['tenant']),
    });
    const other = bulkheads.execute(gate.operation('other'), { attributes: { tenant: 'b' } });
    const call = bulkheads.execute(
      context =>
        pipeline(bulkheads).execute(() => 'inner', { ...told(context), attributes: { tenant: 'b' } }),
      { attributes: { tenant: 'a' } },
    );
    gate.end('other');
    await other;
    await expect(call).resolves.toBe('inner');
  });

  it('is not taken in by calls that share a context, nor by those that went past a shadow', async () => {
    const past = shadow(one(), { enforceRatio: 0 });
    await expect(past.execute(context => past.execute(() => 'inner', context), {})).resolves.toBe('inner');
    const bulkheads = keyed(() => new Bulkhead({ slots: 1, queue: 5, queueTimeoutMs: 5 }), {
      maxKeys: 2,
      key: () => 'a',
    });
    // Made without options: it is not known which of them it is.
    const call = bulkheads.execute(context => bulkheads.execute(() => 'inner', context));
    await expect(call).rejects.toMatchObject({ code: 'ERR_QUEUE_TIMEOUT' });
  });
});

/** What a caller may say of itself; the context that it is a part of is left out. */
function told({ signal, key }: Context): { readonly signal: AbortSignal; readonly key: string | undefined } {
  return { signal, key };
}
