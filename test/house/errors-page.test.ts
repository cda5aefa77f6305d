import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './tree.js';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const codesIn = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, code]) => code!).sort();

it('the page of the errors has a row for each code, and no others', () => {
  const declared = /export type ErrorCode =(.*?);/s.exec(read('src/kernel/errors.ts'))?.[1] ?? '';
  const codes = codesIn(declared, /'(ERR_\w+)'/g);
  expect(codes.length).toBeGreaterThan(50);
  expect(codesIn(read('docs/errors.md'), /^\| `(ERR_\w+)`/gm)).toEqual(codes);
});
