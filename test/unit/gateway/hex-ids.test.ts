import { describe, expect, it, vi } from 'vitest';
import { HexIds } from '../../../src/gateway/trace.js';

describe('HexIds', () => {
  it('draws many at a time, and none twice', () => {
    const draw = vi.spyOn(crypto, 'getRandomValues');
    const ids = new HexIds();
    const drawn = Array.from({ length: 1_000 }, (_, at) => ids.next(at % 2 === 0 ? 8 : 16));
    expect(new Set(drawn).size).toBe(1_000);
    expect(drawn.every((id, at) => /^[\da-f]+$/.test(id) && id.length === (at % 2 === 0 ? 16 : 32))).toBe(
      true,
    );
    expect(draw.mock.calls.length).toBeLessThanOrEqual(7);
    draw.mockRestore();
  });

  it('never makes one of zeros', () => {
    const draw = vi.spyOn(crypto, 'getRandomValues').mockImplementation(array => array);
    expect(new HexIds().next(8)).toBe('0000000000000001');
    draw.mockRestore();
  });
});
