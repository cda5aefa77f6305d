import { describe, expect, it, vi } from 'vitest';
import { Fifo } from '../../../src/core/fifo.js';

describe('Fifo', () => {
  it('gives back what it was given, in the same order', () => {
    const fifo = new Fifo<number>();
    expect([fifo.size, fifo.shift()]).toEqual([0, undefined]);
    fifo.push(1);
    fifo.push(2);
    expect([fifo.size, fifo.shift(), fifo.size]).toEqual([2, 1, 1]);
    fifo.push(3);
    expect([fifo.shift(), fifo.shift(), fifo.shift(), fifo.size]).toEqual([2, 3, undefined, 0]);
  });

  it('keeps its order while it grows and shrinks', () => {
    const fifo = new Fifo<number>();
    const list: number[] = [];
    let next = 0;
    for (let round = 0; round < 500; round++) {
      for (let i = 0; i < (round * 7) % 5; i++) {
        fifo.push(next);
        list.push(next++);
      }
      for (let i = 0; i < (round * 3) % 4; i++) expect(fifo.shift()).toBe(list.shift());
      expect(fifo.size).toBe(list.length);
    }
    while (list.length > 0) expect(fifo.shift()).toBe(list.shift());
    expect(fifo.size).toBe(0);
  });

  it('lets go of all at once', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 100; i++) fifo.push(i);
    for (let i = 0; i < 10; i++) fifo.shift();
    fifo.clear();
    expect([fifo.size, fifo.shift()]).toEqual([0, undefined]);
    fifo.push(7);
    expect(fifo.shift()).toBe(7);
  });

  it('takes time in proportion to what passes through, however many wait', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 100_000; i++) fifo.push(i);
    // With an array that is shifted this would take minutes.
    for (let i = 0; i < 300_000; i++) {
      fifo.push(i);
      fifo.shift();
    }
    expect(fifo.size).toBe(100_000);
  });

  it.each([
    [100, 51],
    // Half of the places are not more than half.
    [66, 34],
    // A few are not worth it.
    [63, 33],
    [40, 33],
  ])('of %i gives the places of what was taken back after %i, at once', (size, taken) => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < size; i++) fifo.push(i);
    const reclaim = vi.spyOn(Array.prototype, 'splice');
    const reclaimed: number[] = [];
    for (let i = 1; i <= taken; i++) {
      fifo.shift();
      reclaimed.push(reclaim.mock.calls.length);
    }
    expect(reclaim.mock.calls).toEqual([[0, taken]]);
    reclaim.mockRestore();
    expect(reclaimed.indexOf(1)).toBe(taken - 1);
    expect([fifo.size, fifo.shift()]).toEqual([size - taken, taken]);
  });

  it('is gone through from the oldest on', () => {
    const fifo = new Fifo<number>();
    for (let n = 0; n < 100; n++) fifo.push(n);
    for (let n = 0; n < 98; n++) fifo.shift();
    expect([...fifo]).toEqual([98, 99]);
  });
});
