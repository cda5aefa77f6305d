import { describe, expect, it } from 'vitest';
import { jsonDepth } from '../../../src/core/json-depth.js';

describe('jsonDepth', () => {
  it.each([
    ['7', 0],
    ['{}', 1],
    ['[[],[[]]]', 3],
    ['{"a":[{"b":1}],"c":{}}', 3],
    ['["[[[", "\\"[[", "\\\\"]', 1],
    [']]]', 0],
    ['[[],[],[]]', 2],
    ['{"a":{},"b":{},"c":{}}', 2],
    ['{"a":"}","b":"]","c":{}}', 2],
    ['\\"[', 0],
    ['[\\[', 2],
  ])('of %s is %i', (text, depth) => {
    expect(jsonDepth(text)).toBe(depth);
  });
});
