import { describe, expect, it, vi } from 'vitest';
import { Emitter, namesOf } from '../../../src/kernel/events.js';

interface Events {
  opened: { readonly at: number };
  closed: undefined;
}

describe('Emitter', () => {
  it('calls listeners until they are taken off', () => {
    const emitter = new Emitter<Events>(['opened', 'closed']);
    const heard: number[] = [];
    expect(emitter.has('opened')).toBe(false);
    const off = emitter.on('opened', event => heard.push(event.at));
    expect(emitter.has('opened')).toBe(true);
    emitter.emit('opened', { at: 1 });
    off();
    off();
    emitter.emit('opened', { at: 2 });
    expect(heard).toEqual([1]);
    expect(emitter.has('opened')).toBe(false);
  });

  it('refuses a listener to an event that is none of its own', () => {
    const emitter = new Emitter<Events>(namesOf<Events>({ opened: true, closed: true }));
    const heard = vi.fn();
    emitter.on('opened', heard);
    emitter.emit('opened', { at: 1 });
    expect(heard).toHaveBeenCalledWith({ at: 1 });
    const listen = (): unknown => emitter.on('ajar' as 'opened', heard);
    expect(listen).toThrow('on: unknown event "ajar"; known are opened, closed');
  });

  it('takes one function twice, and each off by itself', () => {
    const emitter = new Emitter<Events>(['opened', 'closed']);
    const listener = vi.fn();
    const off = emitter.on('closed', listener);
    emitter.on('closed', listener);
    emitter.emit('closed', undefined);
    off();
    emitter.emit('closed', undefined);
    expect(listener).toHaveBeenCalledTimes(3);
  });

  it('knows who listens, however often one is taken off', () => {
    const emitter = new Emitter<Events>(['opened', 'closed']);
    expect(emitter.has('opened')).toBe(false);
    const off = emitter.on('opened', () => {});
    const other = emitter.on('closed', () => {});
    off();
    off();
    expect([emitter.has('opened'), emitter.has('closed')]).toEqual([false, true]);
    const again = emitter.on('opened', () => {});
    other();
    expect([emitter.has('opened'), emitter.has('closed')]).toEqual([true, false]);
    again();
    expect([emitter.has('opened'), emitter.has('closed')]).toEqual([false, false]);
  });

  it('reports listeners that throw or reject, and calls the others', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const emitter = new Emitter<Events>(['opened', 'closed']);
    const heard = vi.fn();
    emitter.on('closed', () => {
      throw new Error('sync');
    });
    emitter.on('closed', () => Promise.reject(new Error('async')) as unknown as undefined);
    emitter.on('closed', () => Promise.resolve() as unknown as undefined);
    emitter.on('closed', heard);
    expect(() => emitter.emit('closed', undefined)).not.toThrow();
    await new Promise(resolve => setImmediate(resolve));
    expect(heard).toHaveBeenCalledOnce();
    const told = 'keelson: a listener of "closed" failed';
    expect(report.mock.calls).toEqual([
      [told, new Error('sync')],
      [told, new Error('async')],
    ]);
    report.mockRestore();
  });

  it('takes an answer for what it is: only one with a `then` to call may still reject', () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const emitter = new Emitter<Events>(['opened', 'closed']);
    for (const answer of [null, undefined, 7, {}, { then: 5 }, () => {}])
      emitter.on('closed', () => answer as unknown as undefined);
    emitter.emit('closed', undefined);
    expect(report).not.toHaveBeenCalled();
    report.mockRestore();
  });

  it('tells of each event after the one before it, though a listener causes the next', () => {
    const emitter = new Emitter<Events>(['opened', 'closed']);
    const heard: string[] = [];
    emitter.on('opened', ({ at }) => {
      heard.push(`first: opened ${at}`);
      if (at === 3) return;
      emitter.emit('closed', undefined);
      emitter.emit('opened', { at: at + 1 });
    });
    emitter.on('opened', ({ at }) => heard.push(`second: opened ${at}`));
    emitter.on('closed', () => heard.push('closed'));
    emitter.emit('opened', { at: 1 });
    expect(heard).toEqual([
      ...['first: opened 1', 'second: opened 1', 'closed'],
      ...['first: opened 2', 'second: opened 2', 'closed'],
      ...['first: opened 3', 'second: opened 3'],
    ]);
    emitter.emit('closed', undefined);
    expect(heard.length).toBe(9);
  });

  it('tells on after a report that failed itself', () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {
      throw new Error('no console');
    });
    const emitter = new Emitter<Events>(['opened', 'closed']);
    emitter.on('opened', () => {
      emitter.emit('closed', undefined);
      throw new Error('listener');
    });
    const heard = vi.fn();
    emitter.on('closed', heard);
    expect(() => emitter.emit('opened', { at: 1 })).toThrow('no console');
    emitter.emit('closed', undefined);
    expect(heard).toHaveBeenCalledOnce();
    report.mockRestore();
  });

  it('refuses a listener that is no function, and one to an event that there is not', () => {
    const emitter = new Emitter<Events>(['opened', 'closed']);
    const on = (event: string, listener: unknown) => () =>
      emitter.on(event as 'closed', listener as () => void);
    for (const listener of [undefined, null, {}, 'text']) {
      expect(on('closed', listener)).toThrow(TypeError);
      expect(on('closed', listener)).toThrow('on: `listener` must be a function, got ');
    }
    for (const event of ['close', 'toString', '', 7]) {
      const message = `on: unknown event ${JSON.stringify(event)}; known are opened, closed`;
      expect(on(event as string, () => {})).toThrow(new TypeError(message));
    }
    expect(emitter.has('closed')).toBe(false);
  });

  it('keeps no more than ten thousand events for later, and reports the rest', () => {
    const report = vi.spyOn(console, 'error').mockReturnValue();
    const emitter = new Emitter<Events>(['opened', 'closed']);
    const heard = vi.fn();
    emitter.on('closed', heard);
    const off = emitter.on('opened', payload => {
      for (let i = 0; i < 10_002; i++) emitter.emit('closed', payload as never);
    });
    emitter.emit('opened', undefined as never);
    expect([heard.mock.calls.length, report.mock.calls.length]).toEqual([10_000, 2]);
    const lost = new Error('more than 10000 events while one was told of: this one is not');
    expect(report.mock.calls[0]).toEqual(['keelson: a listener of "closed" failed', lost]);
    off();
    emitter.emit('closed', undefined as never);
    expect(heard).toHaveBeenCalledTimes(10_001);
    report.mockRestore();
  });
});
