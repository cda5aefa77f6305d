import { describe, expect, it, vi } from 'vitest';
import { EventBus } from '../../../src/events/event-bus.js';
import { settle } from '../../../src/testing/settle.js';

describe('an event that a listener emits', () => {
  it('is told when all others have heard of the present one', async () => {
    const bus = new EventBus();
    const log: string[] = [];
    bus.on('a', () => {
      log.push('a1');
      void bus.emit('b');
      log.push('a1 ends');
    });
    bus.on('a', () => log.push('a2'));
    bus.on('b', () => {
      log.push('b');
      void bus.emit('c');
    });
    bus.on('c', () => log.push('c'));
    await bus.emit('a');
    expect(log).toEqual(['a1', 'a1 ends', 'a2', 'b', 'c']);
    expect(bus.snapshot()).toMatchObject({ emitted: 3, delivered: 4, queued: 0 });
  });

  it('is told before emit of the first one returns, and in the order of emitting', () => {
    const bus = new EventBus();
    const log: unknown[] = [];
    bus.on('a', () => {
      for (let i = 0; i < 5; i++) void bus.emit('b', i);
    });
    bus.on('b', payload => log.push(payload));
    void bus.emit('a');
    expect(log).toEqual([0, 1, 2, 3, 4]);
  });

  it('settles for who emitted it, as its own listeners do', async () => {
    const bus = new EventBus();
    const boom = new Error('b');
    const seen: unknown[] = [];
    bus.on('a', async () => {
      seen.push(await bus.emit('b').catch((error: unknown) => error));
    });
    bus.on('b', async () => {
      throw boom;
    });
    await bus.emit('a');
    expect(seen).toEqual([expect.objectContaining({ code: 'ERR_LISTENERS_FAILED', errors: [boom] })]);
  });

  it.each(['parallel', 'series'] as const)('may be awaited by the listener that emits it: %s', async mode => {
    const bus = new EventBus({ mode });
    const log: string[] = [];
    bus.on('a', async () => {
      await bus.emit('b');
      log.push('a1');
    });
    bus.on('a', () => log.push('a2'));
    bus.on('b', async () => {
      await settle();
      log.push('b');
    });
    await bus.emit('a');
    expect(log.toSorted()).toEqual(['a1', 'a2', 'b']);
    expect(log.indexOf('b')).toBeLessThan(log.indexOf('a1'));
  });

  it('may be emitted by as many events in a chain as 100 000, in order and without a stack', async () => {
    const bus = new EventBus<{ step: number }>();
    let last = -1;
    let outOfOrder = 0;
    let unfinished = 0;
    bus.on('step', n => {
      if (n !== last + 1) outOfOrder++;
      last = n;
      if (n === 100_000) return;
      unfinished++;
      void bus.emit('step', n + 1).then(() => unfinished--);
    });
    await bus.emit('step', 0);
    expect([last, outOfOrder]).toEqual([100_000, 0]);
    await settle();
    expect(unfinished).toBe(0);
  });

  it('is refused when as many wait as may', async () => {
    const bus = new EventBus({ maxQueued: 10, name: 'shop' });
    const told = vi.fn();
    const refused: unknown[] = [];
    bus.on('a', () => {
      for (let i = 0; i < 12; i++) bus.emit('b').catch((error: unknown) => refused.push(error));
    });
    bus.on('b', told);
    await bus.emit('a');
    await settle();
    expect(told).toHaveBeenCalledTimes(10);
    const message = 'shop: "b" is not told: `maxQueued` is 10, and as many events wait';
    expect(refused).toEqual(Array(2).fill(expect.objectContaining({ code: 'ERR_EVENT_OVERFLOW', message })));
  });

  it('ends when events cause one another without end, instead of the process', async () => {
    const bus = new EventBus({ maxDepth: 500 });
    const errors: unknown[] = [];
    let told = 0;
    bus.on('ping', () => {
      told++;
      bus.emit('pong').catch((error: unknown) => errors.push(error));
    });
    bus.on('pong', () => {
      told++;
      bus.emit('ping').catch((error: unknown) => errors.push(error));
    });
    await bus.emit('ping');
    await settle();
    expect(told).toBe(501);
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_EVENT_OVERFLOW' })]);
    expect(String(errors[0])).toContain('`maxDepth` is 500');
    // Depth is counted from the event that nobody caused.
    told = 0;
    await bus.emit('ping');
    expect(told).toBe(501);
  });

  it('goes to those who listen when it is emitted, and still do when it is told (BU6)', async () => {
    const bus = new EventBus();
    const log: string[] = [];
    bus.on('a', () => {
      void bus.emit('b');
      bus.on('b', () => log.push('late'));
      off();
    });
    const off = bus.on('b', () => log.push('gone'));
    bus.on('b', () => log.push('there'));
    await bus.emit('a');
    expect(log).toEqual(['there']);
  });
});

describe('while an event is told', () => {
  it('a listener that comes does not hear of it', async () => {
    const bus = new EventBus();
    const log: string[] = [];
    bus.on('a', () => {
      log.push('first');
      bus.on('a', () => log.push('late'));
    });
    await bus.emit('a');
    expect(log).toEqual(['first']);
    await bus.emit('a');
    expect(log).toEqual(['first', 'first', 'late']);
  });

  it.each(['parallel', 'series'] as const)(
    'a listener that goes does not hear of it any more: %s',
    async mode => {
      const bus = new EventBus({ mode });
      const log: string[] = [];
      bus.on('a', async () => {
        log.push('first');
        off();
      });
      const off = bus.on('a', () => log.push('gone'));
      bus.on('a', () => log.push('last'));
      await bus.emit('a');
      expect(log).toEqual(['first', 'last']);
    },
  );

  it('a listener that waits for its turn and goes meanwhile is passed over', async () => {
    const bus = new EventBus({ concurrency: 1 });
    const log: string[] = [];
    bus.on('a', () => {
      log.push('first');
      off();
    });
    const off = bus.on('a', () => log.push('gone'));
    await bus.emit('a');
    expect(log).toEqual(['first']);
  });
});

describe('emitSync in a listener', () => {
  it('is told at once, before what waits', () => {
    const bus = new EventBus();
    const log: string[] = [];
    bus.on('a', () => {
      void bus.emit('later');
      bus.emitSync('now');
      log.push('a');
    });
    bus.on('now', () => log.push('now'));
    bus.on('later', () => log.push('later'));
    bus.emitSync('a');
    expect(log).toEqual(['now', 'a', 'later']);
  });

  it('is refused before the stack overflows', () => {
    const bus = new EventBus();
    let depth = 0;
    bus.on('a', () => {
      depth++;
      bus.emitSync('a');
    });
    expect(() => bus.emitSync('a')).toThrow(expect.objectContaining({ code: 'ERR_LISTENERS_FAILED' }));
    expect(depth).toBe(256);
    bus.on('b', () => {});
    expect(() => bus.emitSync('b')).not.toThrow();
  });
});
