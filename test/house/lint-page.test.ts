import { expect, it } from 'vitest';
import { lintRules } from '../../src/resilience/lint-rules.js';
import { readTree } from './tree.js';

it('has a row for each rule of lint, with its severity, and for no other', () => {
  const path = 'docs/which-policy-when.md';
  const rows = [
    ...readTree(path)
      .get(path)!
      .text.matchAll(/^\| `([\w-]+)` \| (\w+)/gm),
  ];
  expect(rows.map(([, rule, severity]) => `${rule}: ${severity}`)).toEqual(
    lintRules.map(({ rule, severity }) => `${rule}: ${severity}`),
  );
});
