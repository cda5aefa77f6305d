import { describe, expect, it } from 'vitest';
import { isSchema, issuesText } from '../../../src/kernel/schema-issues.js';

describe('Standard Schema', () => {
  it('is known by its validate', () => {
    expect(isSchema({ '~standard': { validate() {} } })).toBe(true);
    for (const none of [undefined, null, {}, { '~standard': {} }, 'schema'])
      expect(isSchema(none)).toBe(false);
  });

  it('tells issues with their paths, and no more than ten', () => {
    const issue = (n: number) => ({ message: `wrong ${n}`, path: ['items', n, { key: 'price' }] });
    expect(issuesText([{ message: 'wrong' }, issue(0)])).toBe('wrong; items.0.price: wrong 0');
    const many = issuesText(Array.from({ length: 13 }, (_, n) => issue(n)));
    expect(many).toContain('items.9.price: wrong 9; and 3 more');
  });
});
