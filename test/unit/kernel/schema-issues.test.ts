import { describe, expect, it } from 'vitest';
import { isSchema, issuesOf, issuesText } from '../../../src/kernel/schema-issues.js';

const issue = (n: number) => ({ message: `wrong ${n}`, path: ['items', n, { key: 'price' }] });

describe('Standard Schema', () => {
  it('is known by its validate', () => {
    expect(isSchema({ '~standard': { validate() {} } })).toBe(true);
    for (const none of [undefined, null, {}, { '~standard': {} }, 'schema'])
      expect(isSchema(none)).toBe(false);
  });
});

describe('issues', () => {
  it('say where, in the words of JavaScript', () => {
    expect(issuesOf([{ message: 'wrong' }, issue(0), { message: 'odd', path: [Symbol('s'), 'a'] }])).toEqual([
      { path: '', message: 'wrong' },
      { path: 'items[0].price', message: 'wrong 0' },
      { path: 'Symbol(s).a', message: 'odd' },
    ]);
  });

  it('are at most 20, of at most 300 characters each', () => {
    const long = { message: 'm'.repeat(1_000), path: Array.from({ length: 1_000 }, () => 'deep') };
    const issues = issuesOf(Array.from({ length: 30 }, () => long));
    expect(issues).toHaveLength(20);
    for (const { path, message } of issues) {
      expect(path).toMatch(/^deep\..*…$/);
      expect([path.length, message.length]).toEqual([300, 300]);
    }
    expect(issuesOf([{ message: 'm'.repeat(300) }])[0]!.message).toBe('m'.repeat(300));
  });

  it('say that a path goes on where it is cut between two steps', () => {
    const pathOf = (...path: string[]) => issuesOf([{ message: 'wrong', path }])[0]!.path;
    expect(pathOf('p'.repeat(300))).toBe('p'.repeat(300));
    expect(pathOf('p'.repeat(300), 'q')).toBe(`${'p'.repeat(299)}…`);
  });

  it('read no more of a path than they tell', () => {
    let read = 0;
    const step = {
      get key() {
        read++;
        return 'deep';
      },
    };
    issuesOf([{ message: 'wrong', path: Array.from({ length: 1_000 }, () => step) }]);
    expect(read).toBe(61);
  });

  it('are told ten at a time', () => {
    const text = (count: number) =>
      issuesText(issuesOf(Array.from({ length: count }, (_, n) => issue(n))), count);
    expect(text(2)).toBe('items[0].price: wrong 0; items[1].price: wrong 1');
    expect(issuesText([{ path: '', message: 'wrong' }], 1)).toBe('wrong');
    expect(text(10)).toMatch(/; items\[9\].price: wrong 9$/);
    expect(text(33)).toMatch(/; items\[9\].price: wrong 9; and 23 more$/);
  });

  it('are told up to a length', () => {
    const long = issuesOf([{ message: 'm'.repeat(300) }, { message: 'x' }, { message: 'y' }]);
    expect(issuesText(long, 3)).toBe(`${'m'.repeat(300)}; x; and 1 more`);
  });

  it('are owned up to where a schema names none', () => {
    expect(issuesText([], 0)).toBe('the schema does not say why');
  });
});
