import { describe, expect, it, vi } from 'vitest';
import { Listeners } from '../../../src/kernel/listeners.js';

/** Listeners that write their names into `heard`. */
function listening(): { listeners: Listeners; heard: string[]; add: (name: string) => () => void } {
  const listeners = new Listeners();
  const heard: string[] = [];
  return { listeners, heard, add: name => listeners.add(() => heard.push(name)) };
}

describe('Listeners', () => {
  it('are told once, in the order of their coming', () => {
    const { listeners, heard, add } = listening();
    for (const name of ['a', 'b', 'c']) add(name);
    expect(listeners.size).toBe(3);
    listeners.tell();
    listeners.tell();
    expect([heard, listeners.size]).toEqual([['a', 'b', 'c'], 0]);
  });

  it('may leave in any order, and those who come later come after those who are there', () => {
    const { listeners, heard, add } = listening();
    const leaveA = add('a');
    const leaveB = add('b');
    add('c');
    leaveA();
    leaveA();
    expect(listeners.size).toBe(2);
    add('d');
    leaveB();
    listeners.tell();
    expect(heard).toEqual(['c', 'd']);
  });

  it('have room for a first one again when all have left', () => {
    const { listeners, heard, add } = listening();
    add('a')();
    expect(listeners.size).toBe(0);
    add('b');
    listeners.tell();
    expect(heard).toEqual(['b']);
  });

  it('may take each other out while they are told', () => {
    const { listeners, heard, add } = listening();
    const leave: (() => void)[] = [];
    listeners.add(() => {
      for (const out of leave) out();
    });
    leave.push(add('b'));
    add('c');
    leave.push(add('d'));
    listeners.tell();
    expect(heard).toEqual(['c']);
  });

  it('that come while they are told wait for the next time', () => {
    const { listeners, heard, add } = listening();
    listeners.add(() => void add('late'));
    add('b');
    listeners.tell();
    expect([heard, listeners.size]).toEqual([['b'], 1]);
    listeners.tell();
    expect(heard).toEqual(['b', 'late']);
  });

  it('may be one function twice', () => {
    const listeners = new Listeners();
    const listener = vi.fn();
    const leave = listeners.add(listener);
    listeners.add(listener);
    leave();
    listeners.tell();
    expect(listener).toHaveBeenCalledOnce();
  });

  it('that fail are reported, and the others hear of it', () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { listeners, heard, add } = listening();
    listeners.add(() => {
      throw new Error('no');
    });
    add('b');
    listeners.tell();
    expect(heard).toEqual(['b']);
    expect(report).toHaveBeenCalledOnce();
    report.mockRestore();
  });
});
