import { describe, expect, it } from 'vitest';
import { EventBus } from '../../src/events/event-bus.js';
import { countingSignal } from '../../src/testing/counting-signal.js';
import { microtaskSweep } from '../../src/testing/microtask-sweep.js';

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await undefined;
};

describe.each([
  ['parallel', {}],
  ['series', { mode: 'series' as const }],
  ['bounded', { concurrency: 2 }],
])('whatever happens in the microtasks of an event: %s', (_name, options) => {
  it('leaves nobody behind, and tells nobody after it left', async () => {
    const { runs } = await microtaskSweep({
      subject: () => {
        const bus = new EventBus<{ a: number }>(options);
        const { signal, listeners, abort } = countingSignal();
        const heardAfter: string[] = [];
        let gone = false;
        const off = bus.on('a', async () => {
          if (gone) heardAfter.push('off');
          await turns(3);
        });
        const leave = () => {
          gone = true;
          off();
        };
        bus.on('a', () => (signal.aborted ? heardAfter.push('signal') : turns(2)), { signal });
        bus.on('a', async () => {
          await turns(5);
          throw new Error('late');
        });
        bus.on('a', () => turns(1), { once: true });
        const stream = bus.iterate('a', { buffer: 2, overflow: 'drop-oldest' });
        const once = bus.once('a', { where: n => n > 1, signal }).catch(() => {});
        return { bus, abort, listeners, heardAfter, stream, once, leave };
      },
      trigger: ({ bus }) => bus.emit('a', 1).catch(() => {}),
      actions: {
        emit: ({ bus }) => bus.emit('a', 2),
        leave: ({ leave }) => leave(),
        abort: ({ abort }) => abort('enough'),
        read: ({ stream }) => stream.next(),
        close: ({ bus }) => bus.close(),
      },
      check: async ({ bus, listeners, heardAfter, stream, once }, calls) => {
        for (const { action, state, error } of calls) {
          const code = (error as { code?: string } | undefined)?.code;
          if (state === 'pending' && action !== 'read') return `${action} is pending`;
          if (action === 'emit' && state === 'rejected') {
            if (code !== 'ERR_LISTENERS_FAILED' && code !== 'ERR_BUS_CLOSED') return `emit: ${code}`;
          } else if (state === 'rejected') return `${action}: ${String(error)}`;
        }
        if (heardAfter.length > 0) return `heard after the end: ${heardAfter.join()}`;
        await bus.close();
        await once;
        await stream.return();
        const { running, queued, listeners: left } = bus.snapshot();
        if (running + queued + left > 0) return `left: ${running} run, ${queued} wait, ${left} listen`;
        return listeners() === 0 ? undefined : 'the signal bears a listener';
      },
      offsets: 9,
    });
    expect(runs).toBeGreaterThan(1000);
  });
});
