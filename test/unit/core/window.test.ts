import { describe, expect, it } from 'vitest';
import { CountWindow } from '../../../src/core/window.js';

const filled = (size: number, digits: string): CountWindow => {
  const window = new CountWindow(size, true);
  for (const digit of digits) window.push(digit === '1' || digit === '3', digit >= '2');
  return window;
};

describe('CountWindow', () => {
  it.each([
    ['starts empty', 3, '', { calls: 0, failures: 0, slow: 0 }],
    ['counts what it has seen before it is full', 3, '01', { calls: 2, failures: 1, slow: 0 }],
    ['counts a slow failure as both', 3, '3', { calls: 1, failures: 1, slow: 1 }],
    ['forgets the outcome that is one too many', 3, '1000', { calls: 3, failures: 0, slow: 0 }],
    ['keeps the outcome that is just in', 3, '100', { calls: 3, failures: 1, slow: 0 }],
    ['holds one outcome', 1, '0132', { calls: 1, failures: 0, slow: 1 }],
    ['starts over after zeros that moved nothing', 2, '0000010', { calls: 2, failures: 1, slow: 0 }],
  ])('%s', (_, size, digits, counts) => {
    expect(filled(size, digits)).toMatchObject(counts);
  });

  it.each([1, 30, 31, 32, 62, 63, 93, 100, 124, 125, 1000])('keeps exactly the last %i outcomes', size => {
    const window = filled(size, `1${'0'.repeat(size - 1)}`);
    expect(window.failures).toBe(1);
    window.push(false, true);
    expect(window).toMatchObject({ calls: size, failures: 0, slow: 1 });
  });

  it('leaves slow calls out when nobody asks for them', () => {
    const window = new CountWindow(3, false);
    window.push(true, true);
    expect(window).toMatchObject({ calls: 1, failures: 1, slow: 0 });
    expect(window.save()).toBe('1');
  });

  it('never grows old', () => {
    const window = filled(3, '12');
    window.expire();
    expect(window.calls).toBe(2);
  });

  it('forgets all when it is cleared, in the middle of its ring too', () => {
    const window = filled(3, '12301');
    window.clear();
    expect(window).toMatchObject({ calls: 0, failures: 0, slow: 0 });
    expect(window.save()).toBe('');
    window.push(true, false);
    expect(window.save()).toBe('1');
  });

  it('saves its outcomes, the oldest first, and loads them', () => {
    const saved = filled(4, '3210123').save();
    expect(saved).toBe('0123');
    const copy = new CountWindow(4, true);
    copy.load(saved);
    expect(copy.save()).toBe('0123');
    expect(copy).toMatchObject({ calls: 4, failures: 2, slow: 2 });
  });

  it('loads the newest outcomes when it has become smaller', () => {
    const copy = new CountWindow(2, true);
    copy.load('1110');
    expect(copy.save()).toBe('10');
  });

  it.each([undefined, null, 7, {}, ['1'], 'garbage'])('is empty after it was given %j', saved => {
    const window = filled(3, '111');
    window.load(saved);
    expect(window).toMatchObject({ calls: 0, failures: 0, slow: 0 });
  });
});
