import { describe, expect, it, vi } from 'vitest';
import { EventBus } from '../../../src/events/event-bus.js';
import type { EventBusOptions } from '../../../src/events/event-bus-options.js';
import { Retry } from '../../../src/resilience/retry.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

interface Events {
  'order.placed': { id: string };
  'order.paid': { id: string };
  tick: undefined;
}

const busOf = (options: EventBusOptions<Events> = {}) => new EventBus<Events>(options);
const order = { id: 'o-1' };

describe('an event', () => {
  it('reaches all who listen to its name or a pattern of it, in the order in which they came', async () => {
    const bus = busOf();
    const heard: string[] = [];
    bus.on('>', (_, { name }) => heard.push(`> ${name}`));
    bus.on('order.placed', payload => heard.push(`placed ${payload.id}`));
    bus.on('order.*', (_, { name }) => heard.push(`* ${name}`));
    bus.on('tick', () => heard.push('tick'));
    bus.on('order.placed', () => heard.push('again'));
    await bus.emit('order.placed', order);
    expect(heard).toEqual(['> order.placed', 'placed o-1', '* order.placed', 'again']);
    await bus.emit('tick');
    expect(heard.slice(4)).toEqual(['> tick', 'tick']);
  });

  it('is handed on as it is', async () => {
    const bus = busOf();
    const seen: unknown[] = [];
    bus.on('order.placed', payload => seen.push(payload));
    await bus.emit('order.placed', order);
    expect(seen[0]).toBe(order);
  });

  it('needs nobody who listens', async () => {
    await expect(busOf().emit('tick')).resolves.toBeUndefined();
    expect(() => busOf().emitSync('tick')).not.toThrow();
  });

  it('is told before emit returns where no listener is asynchronous', () => {
    const bus = busOf();
    let heard = 0;
    bus.on('tick', () => heard++);
    void bus.emit('tick');
    expect(heard).toBe(1);
    bus.emitSync('tick');
    expect(heard).toBe(2);
  });

  it('is told to a listener only until that is taken off, however often that happens', async () => {
    const bus = busOf();
    const listener = vi.fn();
    const off = bus.on('tick', listener);
    bus.on('tick', listener);
    await bus.emit('tick');
    expect(listener).toHaveBeenCalledTimes(2);
    off();
    off();
    await bus.emit('tick');
    expect(listener).toHaveBeenCalledTimes(3);
    expect(bus.snapshot().listeners).toBe(1);
  });

  it('finds its listeners among more names than are remembered', async () => {
    const bus = new EventBus();
    const heard: unknown[] = [];
    bus.on('user.*', payload => heard.push(payload));
    for (let i = 0; i < 2500; i++) await bus.emit(`user.${i}`, i);
    for (let i = 0; i < 2500; i++) await bus.emit(`user.${i}`, i);
    expect(heard.length).toBe(5000);
  });
});

describe('listeners that fail', () => {
  it('affect no other one, and are all told of in one error, in their order (BU4)', async () => {
    const bus = busOf({ name: 'shop' });
    const [first, second, third] = [new Error('a'), 'b', new Error('c')];
    const healthy = vi.fn();
    const clock = new VirtualClock();
    bus.on('tick', () => new Promise((_, reject) => clock.schedule(10, () => reject(first))));
    bus.on('tick', healthy);
    bus.on('tick', () => {
      throw second;
    });
    bus.on('tick', async () => {
      throw third;
    });
    bus.on('>', healthy);
    const emitted = bus.emit('tick').catch((error: unknown) => error);
    await clock.advance(10);
    const error = await emitted;
    expect(error).toMatchObject({
      code: 'ERR_LISTENERS_FAILED',
      name: 'ListenersFailedError',
      message: 'shop: 3 of 5 listeners of "tick" failed',
      event: 'tick',
      policy: 'shop',
    });
    expect((error as { errors: unknown[] }).errors).toEqual([first, second, third]);
    expect((error as Error).cause).toBe(first);
    expect(healthy).toHaveBeenCalledTimes(2);
    expect(bus.snapshot()).toMatchObject({ emitted: 1, delivered: 5, failed: 3 });
  });

  it('make emit wait for all others', async () => {
    const bus = busOf();
    const clock = new VirtualClock();
    let done = false;
    bus.on('tick', () => {
      throw new Error('at once');
    });
    bus.on('tick', () => new Promise<void>(resolve => clock.schedule(50, resolve)));
    const emitted = bus.emit('tick').catch(() => {
      done = true;
    });
    await clock.advance(49);
    expect([done, bus.snapshot().running]).toEqual([false, 1]);
    await clock.advance(1);
    await emitted;
    expect([done, bus.snapshot().running]).toEqual([true, 0]);
  });

  it('fail the next event as well: nothing is remembered of them', async () => {
    const bus = busOf();
    bus.on('tick', () => {
      throw undefined;
    });
    for (let i = 0; i < 3; i++) {
      await expect(bus.emit('tick')).rejects.toMatchObject({ errors: [undefined] });
    }
  });

  it('may answer with a thenable that throws', async () => {
    const bus = busOf();
    const boom = new Error('then');
    const thenable = {
      then: () => {
        throw boom;
      },
    };
    bus.on('tick', () => thenable);
    await expect(bus.emit('tick')).rejects.toMatchObject({ errors: [boom] });
  });
});

describe('emitSync', () => {
  it('throws what listeners threw, after all were told', () => {
    const bus = busOf();
    const boom = new Error('boom');
    const heard = vi.fn();
    bus.on('tick', () => {
      throw boom;
    });
    bus.on('tick', heard);
    expect(() => bus.emitSync('tick')).toThrow(
      expect.objectContaining({ code: 'ERR_LISTENERS_FAILED', errors: [boom] }),
    );
    expect(heard).toHaveBeenCalledOnce();
  });

  it('refuses what cannot be awaited, and reports what is lost with it', async () => {
    const bus = busOf();
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    bus.on('tick', async () => {
      throw new Error('later');
    });
    expect(() => bus.emitSync('tick')).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ name: 'TypeError' })] }),
    );
    await settle();
    expect(report).toHaveBeenCalledOnce();
    report.mockRestore();
  });

  it('refuses, before anything runs, where a listener stands under a policy', () => {
    const bus = busOf();
    const heard = vi.fn();
    bus.on('tick', heard);
    bus.on('tick', () => {}, { policy: new Retry() });
    expect(() => bus.emitSync('tick')).toThrow(/"tick" stands under a policy; use emit/);
    expect(heard).not.toHaveBeenCalled();
  });
});

describe('modes', () => {
  const scene = (options: EventBusOptions<Events>) => {
    const bus = busOf(options);
    const clock = new VirtualClock();
    const log: string[] = [];
    let running = 0;
    let most = 0;
    for (const [name, ms] of Object.entries({ a: 30, b: 10, c: 20 })) {
      bus.on('tick', async () => {
        most = Math.max(most, ++running);
        log.push(`${name} starts`);
        await new Promise<void>(resolve => clock.schedule(ms, resolve));
        log.push(`${name} ends`);
        running--;
      });
    }
    return { bus, clock, log, most: () => most };
  };

  it('call all and then await them, unless told otherwise', async () => {
    const { bus, clock, log } = scene({});
    await clock.runUntil(bus.emit('tick'));
    expect(log).toEqual(['a starts', 'b starts', 'c starts', 'b ends', 'c ends', 'a ends']);
    expect(clock.now()).toBe(30);
  });

  it('await each before the next, in series', async () => {
    const { bus, clock, log } = scene({ mode: 'series' });
    await clock.runUntil(bus.emit('tick'));
    expect(log).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
    expect(clock.now()).toBe(60);
  });

  it('go on in series when one fails', async () => {
    const bus = busOf({ mode: 'series' });
    const log: string[] = [];
    const errors = [new Error('1'), new Error('2'), new Error('3')];
    bus.on('tick', () => {
      throw errors[0];
    });
    bus.on('tick', async () => {
      throw errors[1];
    });
    bus.on('tick', () => log.push('told'));
    bus.on('tick', () => Promise.reject(errors[2]));
    await expect(bus.emit('tick')).rejects.toMatchObject({ errors });
    expect(log).toEqual(['told']);
  });

  it('stay synchronous in series where listeners are', async () => {
    const bus = busOf({ mode: 'series' });
    const log: number[] = [];
    bus.on('tick', () => log.push(1));
    bus.on('tick', () => log.push(2));
    const emitted = bus.emit('tick');
    expect(log).toEqual([1, 2]);
    await emitted;
    bus.on('tick', () => {
      throw new Error();
    });
    await expect(bus.emit('tick')).rejects.toMatchObject({ code: 'ERR_LISTENERS_FAILED' });
  });

  it('run no more than their concurrency', async () => {
    const { bus, clock, log, most } = scene({ concurrency: 2 });
    await clock.runUntil(bus.emit('tick'));
    expect(most()).toBe(2);
    expect(log.slice(0, 4)).toEqual(['a starts', 'b starts', 'b ends', 'c starts']);
    expect(clock.now()).toBe(30);
  });

  it('tell of all that fail within their concurrency', async () => {
    const bus = busOf({ concurrency: 1 });
    const errors = [new Error('1'), new Error('2')];
    const heard = vi.fn();
    bus.on('tick', () => {
      throw errors[0];
    });
    bus.on('tick', heard);
    bus.on('tick', () => Promise.reject(errors[1]));
    await expect(bus.emit('tick')).rejects.toMatchObject({ errors });
    expect(heard).toHaveBeenCalledOnce();
  });
});
