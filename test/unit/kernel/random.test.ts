import { describe, expect, it } from 'vitest';
import { newId, systemRandom } from '../../../src/kernel/random.js';

describe('random', () => {
  it('is uniform chance and ids that differ', () => {
    for (let i = 0; i < 100; i++) {
      const chance = systemRandom();
      expect(chance >= 0 && chance < 1).toBe(true);
    }
    expect(new Set(Array.from({ length: 100 }, newId)).size).toBe(100);
  });
});
