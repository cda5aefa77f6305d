import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { settle } from '../../../src/testing/settle.js';
import { Gate } from '../../fixtures/gate.js';

const deadlock = { code: 'ERR_DEADLOCK', rejected: true, policy: 'bulkhead' };

describe('a bulkhead that is called from inside', () => {
  it('refuses the inner call when the outer one holds the only slot', async () => {
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    const call = bulkhead.execute(async context => {
      await settle();
      return bulkhead.execute(() => 'inner', context);
    });
    await expect(call).rejects.toMatchObject(deadlock);
    expect(bulkhead.snapshot()).toMatchObject({ taken: 0, waiting: 0 });
  });

  it.each([
    ['with call options', (bulkhead: Bulkhead) => bulkhead, { key: 'k' }],
    ['inside a timeout', (bulkhead: Bulkhead) => pipeline(new Timeout({ timeoutMs: 5_000 }), bulkhead), {}],
    ['outside a timeout', (bulkhead: Bulkhead) => pipeline(bulkhead, new Timeout({ timeoutMs: 5_000 })), {}],
    ['twice in a pipeline', (bulkhead: Bulkhead) => pipeline(bulkhead, bulkhead), {}],
  ])('finds it when used %s', async (_, compose, options) => {
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    const inner = (context: Context): Promise<string> => bulkhead.execute(() => 'inner', context);
    await expect(compose(bulkhead).execute(inner, options)).rejects.toMatchObject(deadlock);
    expect(bulkhead.snapshot()).toMatchObject({ taken: 0, waiting: 0 });
  });

  it('finds it through another policy', async () => {
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    const other = new Bulkhead({ slots: 3 });
    const call = bulkhead.execute(context =>
      other.execute(nested => bulkhead.execute(() => 'inner', nested), context),
    );
    await expect(call).rejects.toMatchObject(deadlock);
  });

  it('finds it for calls that had to wait themselves', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    const first = bulkhead.execute(gate.operation('first'));
    const second = bulkhead.execute(context => bulkhead.execute(() => 'inner', context));
    gate.end('first');
    await first;
    await expect(second).rejects.toMatchObject(deadlock);
  });

  it('lets a part wait while somebody else can still end, and refuses the last one', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 2, queue: 5 });
    const nest = (name: string): Promise<string> =>
      bulkhead.execute(
        async context => {
          await gate.operation(name)(context);
          return bulkhead.execute(() => `${name} inner`, context);
        },
        { key: name },
      );
    const a = nest('a');
    const b = nest('b');
    gate.end('a');
    await settle();
    expect(bulkhead.snapshot()).toMatchObject({ taken: 2, waiting: 1 });
    gate.end('b');
    await expect(b).rejects.toMatchObject(deadlock);
    await expect(a).resolves.toBe('a inner');
  });

  it('forgets that a call waited for a part of itself when that part has had its turn', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 2, queue: 5 });
    const inner = (context: Context): Promise<string> => bulkhead.execute(() => 'inner', context);
    const other = bulkhead.execute(gate.operation('other'), { key: 'other' });
    const a = bulkhead.execute(
      async context => {
        await inner(context);
        return gate.operation('a')(context);
      },
      { key: 'a' },
    );
    expect(bulkhead.snapshot()).toMatchObject({ taken: 2, waiting: 1 });
    gate.end('other');
    await other;
    await settle();
    expect(gate.open).toEqual(['a']);
    const b = bulkhead.execute(inner, { key: 'b' });
    await settle();
    expect(bulkhead.snapshot()).toMatchObject({ taken: 2, waiting: 1 });
    gate.end('a');
    await expect(Promise.all([a, b])).resolves.toEqual(['a', 'inner']);
  });

  it('does not count a call that has ended without its part', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 2, queue: 5 });
    const parts: Promise<string>[] = [];
    const part = (name: string) => (context: Context) => bulkhead.execute(gate.operation(name), context);
    const a = bulkhead.execute(
      async context => {
        await gate.operation('a')(context);
        parts.push(part('a part')(context));
      },
      { key: 'a' },
    );
    const b = bulkhead.execute(
      async context => {
        await gate.operation('b')(context);
        return part('b part')(context);
      },
      { key: 'b' },
    );
    const ahead = bulkhead.execute(gate.operation('ahead'));
    gate.end('a');
    await a;
    await settle();
    expect(gate.open).toEqual(['b', 'ahead']);
    gate.end('b');
    await settle();
    expect(bulkhead.snapshot()).toMatchObject({ taken: 2, waiting: 2 });
    for (const name of ['ahead', 'a part', 'b part']) {
      gate.end(name);
      await settle();
    }
    await expect(Promise.all([b, ahead, ...parts])).resolves.toEqual(['b part', 'ahead', 'a part']);
  });

  it('finds a circle that is three calls deep', async () => {
    const bulkhead = new Bulkhead({ slots: 2, queue: 5 });
    const dive = (depth: number, context?: Context): Promise<string> =>
      bulkhead.execute(
        inner => (depth === 0 ? 'ground' : dive(depth - 1, inner)),
        context ?? { key: 'outer' },
      );
    await expect(dive(1)).resolves.toBe('ground');
    await expect(dive(2)).rejects.toMatchObject(deadlock);
  });

  it('lets those wait that are no part of a call with a slot', async () => {
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    const inner: Promise<string>[] = [];
    const outer = bulkhead.execute(() => {
      inner.push(bulkhead.execute(() => 'started by it, not awaited by it'));
      return 'outer';
    });
    await expect(outer).resolves.toBe('outer');
    await expect(inner[0]).resolves.toBe('started by it, not awaited by it');
  });

  it('takes siblings that share a context for siblings', async () => {
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    const siblings = await pipeline().execute(context =>
      Promise.all([1, 2, 3].map(value => bulkhead.execute(async () => value, context))),
    );
    expect(siblings).toEqual([1, 2, 3]);
  });

  it('does not mistake a context that outlived its call for a part of it', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    let kept: Context | undefined;
    await bulkhead.execute(
      context => {
        kept = context;
      },
      { key: 'over' },
    );
    const running = bulkhead.execute(gate.operation('other'));
    const late = bulkhead.execute(() => 'late', kept);
    gate.end('other');
    await running;
    await expect(late).resolves.toBe('late');
  });

  it('refuses at once when nobody may wait', async () => {
    const bulkhead = new Bulkhead({ slots: 1 });
    const call = bulkhead.execute(context => bulkhead.execute(() => 'inner', context));
    await expect(call).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
  });
});
