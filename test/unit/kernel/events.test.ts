import { describe, expect, it, vi } from 'vitest';
import { Emitter } from '../../../src/kernel/events.js';

interface Events {
  opened: { readonly at: number };
  closed: undefined;
}

describe('Emitter', () => {
  it('calls listeners until they are taken off', () => {
    const emitter = new Emitter<Events>();
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

  it('takes one function twice, and each off by itself', () => {
    const emitter = new Emitter<Events>();
    const listener = vi.fn();
    const off = emitter.on('closed', listener);
    emitter.on('closed', listener);
    emitter.emit('closed', undefined);
    off();
    emitter.emit('closed', undefined);
    expect(listener).toHaveBeenCalledTimes(3);
  });

  it('reports listeners that throw or reject, and calls the others', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const emitter = new Emitter<Events>();
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
    expect(report.mock.calls.map(call => (call[1] as Error).message)).toEqual(['sync', 'async']);
    report.mockRestore();
  });
});
