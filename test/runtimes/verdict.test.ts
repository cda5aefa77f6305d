import { describe, expect, it } from 'vitest';

interface Runtime {
  readonly oneClass?: boolean;
  readonly unavailable?: string;
}
interface Verdicts {
  complaints(runtime: Runtime, end: object, least: Record<string, number>): string[];
  mayBeSkipped(runtime: Runtime, isCi: boolean): boolean;
}
const { complaints, mayBeSkipped } = (await import(new URL('verdict.mjs', import.meta.url).href)) as Verdicts;

const report = (lines: object[], oneClass?: boolean) => JSON.stringify({ ran: { import: lines }, oneClass });
const passed = [{ name: 'a' }, { name: 'b', skipped: 'the host gives none' }];

describe('a run of the core suite in a runtime', () => {
  it.each([
    [
      'says nothing',
      { code: 1, stdout: '', stderr: 'no such file' },
      ['printed no report (exit 1)', 'no such file'],
    ],
    ['fails a case', { code: 0, stdout: report([{ name: 'a', failed: 'b' }, {}], true) }, ['import: a: b']],
    ['lost cases', { code: 0, stdout: report([{}], true) }, ['import: ran 1 cases, at least 2']],
    ['lives on', { code: null, stdout: report(passed, true) }, ['did not end by itself']],
    ['crashes at its end', { code: 3, stdout: report(passed, true), stderr: 'x' }, ['ended with 3', 'x']],
    [
      'has two classes',
      { code: 0, stdout: report(passed, false) },
      ['one class by import and require: false'],
    ],
  ])('is complained of when it %s', (_name, end, expected) => {
    expect(complaints({ oneClass: true }, { stderr: '', ...end }, { other: 2 })).toEqual(expected);
  });

  it('is well when every case ran and the process ended', () => {
    const end = { code: 0, stdout: `a line of the host\n${report(passed, true)}\n`, stderr: 'a warning' };
    expect(complaints({ oneClass: true }, end, { other: 2 })).toEqual([]);
    const more = ['import: ran 2 cases, at least 3'];
    expect(complaints({ oneClass: true }, end, { other: 1, import: 3 })).toEqual(more);
  });

  it('is left out in CI only for a reason that is written down', () => {
    expect(mayBeSkipped({}, false)).toBe(true);
    expect(mayBeSkipped({}, true)).toBe(false);
    expect(mayBeSkipped({ unavailable: 'not mirrored' }, true)).toBe(true);
  });
});
